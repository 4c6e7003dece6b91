//! Purchases at the till: once per order number, with running sums that add up, and the gifts that come with them.

mod gift;
mod record;
