//! The harness: an application per test, with a database, a clock and an HTTP client of its own.

pub mod answer;
pub mod app;
pub mod authenticator;
pub mod builders;
pub mod cluster;
pub mod database;
pub mod level;
pub mod people;
pub mod phones;
pub mod platforms;
pub mod private;
pub mod seed;
pub mod services;
pub mod stall;
pub mod wire;

pub use answer::{Answer, Ask};
pub use app::TestApp;
pub use phones::Phones;
