//! What buyers are worth: how long ago they bought (recency), how often (frequency) and for how much (money), as of a day of the shop and
//! over a window of months.
//!
//! Invariants: a run is of a day that is over and of one window, and there is one for both; what is complete never changes. Of the runs
//! over the window of the settings the one of the latest day stands: its rows in `rfm_member` are what the members' pages and segments read.
//! They are written beside those of the run before and stand with one commit; the old ones go afterwards. Written by the job `ComputeRfm`,
//! every night and when somebody asks for a day; read by the console, segments and a member's copy of their data.

mod compute;
mod read;
mod request;
pub mod rules;

pub use compute::compute_due;
pub use entity::rfm_member::Model as MemberValue;
pub use entity::rfm_run::Model as RunRow;
pub use read::{Run, ValueOfMember, find_run, list_runs, value_of_member};
pub use request::{RfmRequest, compute_rfm};
