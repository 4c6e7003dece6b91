//! Purchases: what members paid at the stores. Order numbers are unique per store.
//!
//! Invariant: a member's `purchase_count`, `purchase_total_fen`, `first_purchase_at` and `last_purchase_at` say what
//! the member's purchases add up to. They are moved in the transaction that writes the purchase, by what it adds and never
//! by writing back a value that was read. Written by the till and the import; read by member, segments and reports.

mod list;
mod record;
mod rows;
pub mod rules;

pub use entity::purchase_line::Model as Line;
pub use list::{RecordedPurchase, list_for_staff, list_mine};
pub use record::{Customer, RecordPurchase, record_purchase};
pub use rows::{add_to_member, insert_lines, insert_rows, line_rows};
pub use rules::NewLine;
