//! The transport: the same promises in process and in RabbitMQ.

mod guarantees;
mod harness;
mod memory;
mod outage;
mod topology;
