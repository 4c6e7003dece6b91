//! The ledger of what members allow.

mod ledger;
mod link;
mod opt_out;
