//! One model per table, the typed ids and the states. No behaviour.

pub mod ids;
pub mod states;

pub mod attempt;
pub mod audit_entry;
pub mod callback_event;
pub mod campaign;
pub mod consent;
pub mod consent_event;
pub mod coupon;
pub mod coupon_event;
pub mod coupon_template;
pub mod coupon_template_store;
pub mod dead_letter;
pub mod delivery;
pub mod idempotency_key;
pub mod identity;
pub mod inbox_message;
pub mod member;
pub mod member_tag;
pub mod opt_out;
pub mod outbox;
pub mod preference;
pub mod purchase;
pub mod purchase_line;
pub mod redemption;
pub mod refresh_token;
pub mod scan;
pub mod segment;
pub mod session;
pub mod setting;
pub mod staff;
pub mod staff_store;
pub mod store;
pub mod tag;
