//! shared_state
