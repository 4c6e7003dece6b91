//! Reports: trade, stores, members, campaigns, today, and a member's timeline.

mod campaigns;
mod coupon_pace;
mod members;
mod redemptions;
mod stores;
mod timeline;
mod today;
pub mod trade;
