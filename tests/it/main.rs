//! The one test binary; a folder per part, a file per behaviour.

mod api;
mod broker;
mod card;
mod coupon;
mod house;
mod platform;
mod purchase;
mod sandbox;
mod shared_state;
