//! The one test binary; a folder per part, a file per behaviour.

mod api;
mod broker;
mod campaign;
mod delivery;
mod house;
mod migration;
mod platform;
mod sandbox;
mod settings;
mod shared_state;
