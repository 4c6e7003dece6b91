//! Campaigns: their life, their forecast and what the console shows of them.

mod console;
mod coupon;
mod experiment;
mod forecast;
mod lifecycle;
mod lift;
mod policy;
mod progress;
mod reason;
mod results;
