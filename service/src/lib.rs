//! Everything the business decides, shared by the API and the workers.

pub mod clock;
pub mod shared_state;
