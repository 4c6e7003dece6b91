//! The one test binary; a folder per part, a file per behaviour.

mod api;
mod audience;
mod broker;
mod callback;
mod campaign;
mod consent;
mod delivery;
mod house;
mod inbox;
mod migration;
mod platform;
mod preference;
mod sandbox;
mod settings;
mod shared_state;
