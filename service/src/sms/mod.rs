//! Text messages through one of several suppliers.
//!
//! Each message picks its supplier by a weighted hash, so that shares hold and a message that is tried again begins with the same
//! one. A refusal that surely had no effect and is the supplier's trouble goes to the next supplier within the same send; an answer
//! that was never heard goes nowhere. A supplier that fails too often is left out until a probe succeeds. Signs-in and campaigns use
//! the same way.

mod health;
pub mod rules;
mod send;

pub use send::{Failed, Letter, NO_SUPPLIER, NO_TEMPLATE, Sent, send};
