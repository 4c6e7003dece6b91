//! What the programme brings in: trade by day, stores, members, campaigns, and what needs a person today.
//!
//! Nothing is kept: each report is counted from the rows when it is asked for, with the days of the shop's zone. Whoever is limited to
//! stores sees what these stores took, and the members whose home they are. Read by the console.

mod campaigns;
mod coupon_pace;
mod members;
mod period;
mod redemptions;
mod stores;
mod today;
mod trade;

pub use campaigns::{CampaignLine, compare_campaigns};
pub use coupon_pace::{CouponDay, CouponPace, gone_at, read_coupon_pace};
pub use members::{AgeBand, MemberReport, TierShare, report_members};
pub use period::Period;
pub use redemptions::{RedemptionDay, RedemptionSums, StoreRedemptions, watch_redemptions};
pub use stores::{StoreLine, compare_stores};
pub use today::{Need, NeedKind, Running, Today, read_today};
pub use trade::{Figures, TradeDay, TradeReport, report_trade};
