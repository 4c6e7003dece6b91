//! Coupons: the rules, claims, redemptions, reversals, expiry, templates.

mod claim;
mod combine;
mod expire;
mod issue;
mod limits;
mod line;
mod lock;
mod quote;
mod redeem;
mod reverse;
mod rules;
pub mod shop;
mod template;
