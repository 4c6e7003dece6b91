//! The ledger of what members allow.

mod ledger;
