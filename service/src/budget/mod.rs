//! Money that messages and the coupons that go with them cost: a ceiling per campaign, per month and for the brand.
//!
//! What a batch costs is reserved in its claim, before anything is sent, and given back in its settle when something was surely
//! not sent. A row of `budget` holds what is reserved or spent under its name (`brand`, `campaign:ID`, `month:YYYY-MM`); it is kept
//! whether there is a ceiling or not, so that one that is set later knows what was spent. Written by the claim and the settle of
//! deliveries and by their recovery.

mod ledger;
mod purse;
mod sms;

pub use ledger::{Account, give_back, give_back_all, look, open, reserve};
pub use purse::{Ceiling, Ceilings, Purse};
pub use sms::segments;
