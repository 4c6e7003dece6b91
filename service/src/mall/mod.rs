//! The points mall: what points can be exchanged for, and the exchanges.
//!
//! An exchange moves `waiting -> done | cancelled`: staff hand a gift or a service over, a coupon is done at once. Each move is a
//! conditional update whose row count is used. Invariants: `taken <= stock` by one conditional update; a member's exchanges are counted
//! under the member's lock, so that no two at once pass the limit; the points of an exchange are one entry of the ledger, named by it, and
//! a cancelled one gives them back to the lots that they came from. Locks are taken in the order member, coupon template, item. Written by
//! members and staff; read by both.

mod cancel;
mod exchange;
mod hand_over;
mod item;
mod list;
mod rules;
mod windows;

pub(crate) use cancel::cancel_all_waiting;
pub use cancel::{cancel_exchange, cancel_my_exchange};
pub use exchange::{ExchangeItem, exchange_item};
pub use hand_over::{HandOver, hand_over, list_waiting};
pub use item::{ItemForm, save_item};
pub use list::{
    ExchangeRow, ItemRow, OfferedItem, items_of, list_exchanges, list_items, list_my_exchanges, offered_items,
};
pub use windows::{MallPolicy, MallWindow, read_windows, save_windows};
