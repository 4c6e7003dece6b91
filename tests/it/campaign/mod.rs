//! Campaigns: their life, their forecast and what the console shows of them.

mod console;
mod coupon;
mod failures;
mod forecast;
mod impact;
mod lifecycle;
mod policy;
mod reason;
mod recurrence;
mod recurring;
mod review;
mod version;
