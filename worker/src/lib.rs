//! A message in, a use case called, an ack. No rules of its own.
//!
//! [`schedule`] makes work, [`relay`] carries it from the outbox to the [`broker`], [`consumer`] takes it and runs the
//! [`job`]. What is [`urgent`] has a runtime of its own. Any number of processes may do all of this at once.

pub mod broker;
mod consumer;
mod job;
mod lanes;
mod outstanding;
mod relay;
pub mod schedule;
pub mod topology;
mod urgent;
mod worker;

pub use lanes::Lanes;
pub use worker::{Worker, connect_broker};
