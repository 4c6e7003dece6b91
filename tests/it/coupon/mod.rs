//! Coupons: the rules, claims, redemptions, reversals, expiry, templates.

mod claim;
mod expire;
mod issue;
mod merge;
mod redeem;
mod reverse;
mod rules;
pub mod shop;
mod template;
