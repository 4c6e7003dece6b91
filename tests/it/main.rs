//! The one test binary; a folder per part, a file per behaviour.

mod access;
mod api;
mod broker;
mod campaign;
mod card;
mod coupon;
mod delivery;
mod demo;
mod house;
mod identity;
mod import;
#[path = "../e2e/main_job/mod.rs"]
mod main_job;
mod member;
mod migration;
mod platform;
mod purchase;
mod sandbox;
mod settings;
mod shared_state;
mod staff;
mod store;
