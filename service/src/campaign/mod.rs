//! Campaigns: plans to reach people.
//!
//! ```text
//! draft -> scheduled -> resolving -> sending -> completed
//!                           |  ^---------|-> paused -> (resolving | sending)
//!                           `------------`-> cancelled (from every state but completed)
//! ```
//!
//! Each move is a conditional update. The rule is copied from the segment when the campaign is scheduled and the audience is
//! frozen when it starts: members who join later are not in it. Written by the console and the schedule; deliveries point here.

mod board;
mod closing;
mod experiment;
mod explain;
mod fallback;
mod forecast;
mod forecast_list;
mod funnel;
mod lifecycle;
pub mod lift;
mod outlook;
pub mod pace;
mod plan;
mod progress;
mod resolve;
mod stretch;
mod test_send;
pub mod touch;
mod variant;

pub use crate::delivery::{FallbackStep, Variant};
pub use board::Board;
pub use closing::{complete_finished, end_cancelled};
pub use entity::campaign::Model as CampaignRow;
pub use experiment::{Place, Split, seed};
pub use explain::{Explanation, GateView, explain};
pub use forecast::{Forecast, ForecastLine, Release, StepLine, VariantLine, forecast, release};
pub use forecast_list::{Foreseen, OutlookFilter, forecast_members};
pub use funnel::{GroupResult, Lift, Results, results};
pub use lifecycle::{cancel, pause, resume, schedule, start_due, throttle};
pub use outlook::{Outcome, Verdict};
pub use plan::{CampaignDraft, Every, Recurrence, create, find, list, update};
pub use progress::{
    Counts, DeliveryFilter, Progress, ProgressBoard, ProgressLine, deliveries, follow, progress,
};
pub use resolve::{ask_again, resolve};
pub use test_send::{TestResult, test_send};
