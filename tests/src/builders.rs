//! What tests start from: members, staff, stores and offers with one line each.
