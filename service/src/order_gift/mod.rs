//! Gifts with an order (满赠): who pays enough at the till gets a coupon, by the highest step that the order reaches, one for an order.
//!
//! It is given in the transaction of the purchase and taken back in that of the refund by which what is left of the order falls below its
//! step: voided when it was not used, else its value is kept back from the money. Either happens once. A gift that can't be given (sold
//! out, at the member's limit) is kept with its reason and undoes nothing. Written by purchases and refunds; read by whoever reads a purchase.

mod give;
mod settings;
mod take_back;

pub use give::{Gift, gifts_of};
pub(crate) use give::{due, give};
pub use settings::{OrderGiftStep, OrderGifts, OrderGiftsReport, read_order_gifts, save_order_gifts};
pub(crate) use take_back::take_back;
