//! The one test binary; a folder per part, a file per behaviour.

mod api;
mod broker;
mod import;
mod platform;
mod sandbox;
mod shared_state;
