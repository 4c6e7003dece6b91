//! The one test binary; a folder per part, a file per behaviour.

mod access;
mod api;
mod audience;
mod broker;
mod callback;
mod campaign;
mod card;
mod chaos;
mod consent;
mod coupon;
mod dead_letter;
mod delivery;
mod demo;
mod house;
mod identity;
mod import;
mod inbox;
#[path = "../e2e/main_job/mod.rs"]
mod main_job;
mod mall;
mod member;
mod migration;
mod platform;
mod points;
mod preference;
mod purchase;
mod report;
mod sandbox;
mod settings;
mod shared_state;
mod sms;
mod staff;
mod stamp;
mod store;
mod tally;
mod tier;
