//! Purchases at the till: once per order number, with running sums that add up.

mod record;
