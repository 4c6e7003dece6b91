//! What a member allows: the ledger of subscribe-message consents, and opt-outs.
//!
//! A one-time accept adds one send and a send takes one; a long-term accept stays until it is taken back. `available` and
//! `reserved` are never negative: every move is a conditional update. Fed by the platform's events; the client's own report is a
//! hint that counts nothing. Nothing ever rewards a consent.

mod ledger;
mod opt_out;

pub use ledger::{
    Answer, Evidence, accept, exhaust, give_back, ledger_of, record_hint, record_late_accept, record_reject,
    reserve, revoke, spend, was_revoked_after,
};
pub use opt_out::{opt_in, opt_out, opt_outs_of};
