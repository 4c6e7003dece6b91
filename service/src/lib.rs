//! Everything the business decides, shared by the API and the workers.
//!
//! The map. What every use case is given: [`context`] (with [`clock`], [`db`], [`settings`], [`crypto`],
//! [`shared_state`], [`platforms`]). How it answers: [`error`], [`refusal`], [`page`]. What every write leaves behind:
//! [`audit`] (which names the [`request_id`]), [`outbox`], [`idempotency`]. The rest is one folder per noun of the glossary, one file per use case.

mod allowance;
pub mod attribute;
pub mod audience;
pub mod audit;
pub mod behaviour;
mod brand_setting;
pub mod budget;
pub mod calendar;
pub mod callback;
pub mod campaign;
pub mod card;
pub mod clock;
pub mod consent;
pub mod context;
pub mod coupon;
pub mod crowding;
pub mod crypto;
pub mod db;
pub mod dead_letter;
mod decimal;
pub mod delivery;
pub mod demo;
pub mod error;
mod facts;
pub mod feedback;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod import;
pub mod inbox;
pub mod key_file;
pub mod mall;
pub mod member;
pub mod names;
pub mod notice;
pub mod one_by_one;
pub mod order_gift;
pub mod outbox;
pub mod page;
mod password;
pub mod phone;
pub mod platform_account;
pub mod platforms;
pub mod points;
pub mod policy;
pub mod preference;
pub mod programme;
pub mod purchase;
pub mod redirect;
pub mod refusal;
pub mod report;
pub mod request_id;
pub mod session;
pub mod settings;
pub mod shared_state;
pub mod sms;
pub mod staff;
pub mod stamp;
pub mod store;
pub mod tag;
pub mod tally;
pub mod text;
pub mod tier;
pub mod together;
pub mod welcome;

pub use audit::Actor;
pub use context::Context;
pub use entity::states;
pub use error::{Error, FieldError, Result};
pub use facts::{EarlierUse, Facts};
pub use refusal::Refusal;
