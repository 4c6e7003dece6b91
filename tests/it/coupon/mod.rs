//! Coupons: the rules, claims, redemptions, reversals, expiry, templates.

mod claim;
mod combine;
mod day;
mod expire;
mod issue;
mod limits;
mod line;
mod lock;
mod merge;
mod offline;
mod pack;
mod quote;
mod redeem;
mod return_of_order;
mod reverse;
mod rules;
pub mod shop;
mod shown_code;
mod template;
mod trace;
mod transfer;
mod typed_code;
mod wallet;
