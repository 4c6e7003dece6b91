//! The schema and its history, in the way of running that the test run has.

mod entities;
mod history;
