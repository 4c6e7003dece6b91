//! What a member allows: the ledger of subscribe-message consents, and opt-outs.
//!
//! A one-time accept adds one send and a send takes one; a long-term accept stays until it is taken back. `available` and
//! `reserved` are never negative: every move is a conditional update. Fed by the platform's events; the client's own report is a
//! hint that counts nothing. What a send used is told by its delivery and attempts. Nothing ever rewards a consent: no use case gives points or
//! coupons for one.
//!
//! An opt-out is a no for a channel and topic; what was said for or against messages stays as evidence.

mod ledger;
mod link;
mod opt_out;

pub use ledger::{
    Answer, Emptied, Evidence, accept, exhaust, give_back, ledger_of, record_hint, record_late_accept,
    record_reject, reserve, revoke, spend, was_taken_back_after,
};
pub use link::{OptOutLink, StopOffer, StopScope, opt_out_by_link, opt_out_link, read_opt_out_link};
pub use opt_out::{Said, covers, opt_in, opt_out, opt_out_history_of, opt_outs_of};
