//! worker

pub mod broker;
pub mod topology;
