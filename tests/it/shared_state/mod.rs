//! Shared state: the same operations in the process's memory and in Redis.

mod gcra;
mod harness;
mod memory;
mod operations;
mod outage;
