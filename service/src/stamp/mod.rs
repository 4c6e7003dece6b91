//! Stamp cards (集章): purchases and staff stamp a member's sheet; a full sheet gives a coupon, and the next round begins.
//!
//! A sheet is one round of a card, unique by card, member and round; stamps fill the oldest sheet that is not full. What stamped is kept
//! per sheet, unique by what it was, so that nothing stamps twice. A purchase that is given back whole takes its stamps back, and the
//! reward of a sheet that they had filled is voided unless it was used. All of it happens under the member's lock, in the transaction of
//! the purchase or the refund. Written by purchases and staff; read by the member and the console.

mod card;
mod fill;
mod list;
mod purchase;
pub mod rules;
mod till;

pub use card::{CardForm, CardRow, save_card};
pub use list::{MyCard, list_cards, my_cards};
pub use purchase::{rewards, stamp_purchase, take_back};
pub use till::{StampByHand, stamp_by_hand};
