//! The one test binary; a folder per part, a file per behaviour.

mod api;
mod broker;
mod house;
mod identity;
mod member;
mod migration;
mod platform;
mod sandbox;
mod settings;
mod shared_state;
mod staff;
mod store;
