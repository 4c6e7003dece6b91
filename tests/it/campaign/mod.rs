//! Campaigns: their life, their forecast and what the console shows of them.

mod calendar;
mod console;
mod coupon;
mod experiment;
mod failures;
mod forecast;
mod impact;
mod lifecycle;
mod lift;
mod policy;
mod progress;
mod reason;
mod recurrence;
mod recurring;
mod results;
mod review;
mod version;
