//! HTTP in, answer out: extractors, use cases called, views. No SQL, no queue, no rule of the business.
//!
//! [`routes`] lists every URL on one page, [`problem`] is the only place that picks an error's status, [`server`] puts the
//! layers together.

mod admission;
pub mod auth;
mod front_ends;
pub mod held;
mod idempotency_key;
pub mod input;
pub mod limits;
pub mod openapi;
mod opt_out_page;
pub mod page;
pub mod problem;
pub mod request_log;
pub mod routes;
pub mod server;
mod session_cookie;

pub use openapi::openapi;
pub use problem::Problem;
pub use server::{ReadinessCheck, Server, Stopping, serve};
