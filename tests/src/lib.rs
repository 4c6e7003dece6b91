//! tests

pub mod services;
