//! Campaigns: plans to reach people.
//!
//! ```text
//! draft -> scheduled -> resolving -> sending <-> completed (reopened by a replay of what failed)
//!   |                       |  ^---------|-> paused -> (resolving | sending)
//!   |                       `------------`-> cancelled (from every state but completed)
//!   `-> recurring <-> paused; recurring -> completed: each occurrence is a campaign of its own, from scheduled on
//! ```
//!
//! Each move is a conditional update. The rule is copied from the segment when the campaign is scheduled and the audience is
//! frozen when it starts: members who join later are not in it. Written by the console and the schedule; deliveries point here.

mod audience_page;
mod board;
mod calendar;
mod closing;
mod edit;
mod experiment;
mod explain;
mod failures;
mod fallback;
mod forecast;
mod forecast_list;
mod funnel;
mod impact;
mod lifecycle;
pub mod lift;
mod outlook;
pub mod pace;
mod plan;
mod progress;
mod recurrence;
mod recurring;
mod resolve;
mod review;
mod stretch;
mod test_send;
pub mod touch;
mod variant;
mod version;

pub use crate::delivery::{FallbackStep, Variant};
pub use board::Board;
pub use calendar::{Calendar, Crowd, Planned, calendar};
pub use closing::{complete_finished, end_cancelled};
pub use edit::{Edit, update};
pub use entity::campaign::Model as CampaignRow;
pub use experiment::{Place, Split, seed};
pub use explain::{Explanation, GateView, explain};
pub use failures::{Failure, Replay, Replayed, failures, replay_failures};
pub use forecast::{Forecast, ForecastLine, Release, StepLine, VariantLine, forecast, release};
pub use forecast_list::{Foreseen, OutlookFilter, forecast_members};
pub use funnel::{GroupResult, Lift, Results, results};
pub use impact::{Impact, impact};
pub use lifecycle::{Moved, cancel, pause, resume, schedule, start_due, throttle};
pub use outlook::{Outcome, Verdict};
pub use plan::{CampaignDraft, create, find, list};
pub use progress::{
    AddressedDelivery, Counts, DeliveryFilter, Progress, ProgressBoard, ProgressLine, deliveries, follow,
    progress,
};
pub use recurrence::{CatchUp, Every, Occurrence, Recurrence};
pub use recurring::run_due_occurrences;
pub use resolve::{ask_again, resolve};
pub use review::approve;
pub use test_send::{TestResult, TestSend, test_send};
pub use version::{VersionRow, versions};
