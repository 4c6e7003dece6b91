//! Purchases: what members paid at the stores, and what of it was given back. Order numbers are unique per store, and so are the
//! till's refund numbers.
//!
//! Invariant: a member's `purchase_count`, `purchase_total_fen`, `first_purchase_at` and `last_purchase_at` say what
//! the member's purchases add up to, refunds netted. They are moved in the transaction that writes the purchase or the refund, by what it
//! adds and never by writing back a value that was read. Points, tier, gift and coupons move in the same transaction ([`gains`], [`refund`]);
//! until the return period ends the points are pending and the purchase counts for no tier. Written by the till and the import; read by
//! member, segments and reports.

mod gains;
mod list;
mod record;
mod refund;
mod refund_quote;
pub mod refund_rules;
mod rows;
pub mod rules;

pub use entity::purchase_line::Model as Line;
pub use gains::end_return_periods;
pub use list::{RecordedPurchase, find_purchase, list_for_staff, list_mine};
pub use record::{Customer, RecordPurchase, record_purchase};
pub use refund::{RefundLine, RefundPurchase, RefundRow, Refunded, payable_fen, refund_purchase};
pub use refund_quote::{RefundQuote, quote_refund};
pub use refund_rules::Asked;
pub use rows::{add_to_member, insert_lines, insert_rows, line_rows};
pub use rules::NewLine;
