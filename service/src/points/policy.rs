//! What the brand has decided about points. Saved by the console as one row of `setting`; who never saved one has the defaults.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::earn::EarnRule;
use super::policy_rules;
use crate::brand_setting;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "points";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PointsPolicy {
    /// Points for each yuan that was paid, before multipliers; 0: purchases earn nothing.
    #[schema(minimum = 0, maximum = 1000)]
    pub per_yuan: i64,
    /// Points of a purchase are pending, and it counts for no tier, for so many days: while the goods can be returned.
    #[schema(minimum = 0, maximum = 365)]
    pub return_days: u32,
    pub expiry: Expiry,
    /// Life of points that come back after their lot has expired.
    #[schema(minimum = 1, maximum = 365)]
    pub grace_days: u32,
    pub shortage: ShortagePolicy,
    /// What 100 points are worth, in fen: for the liability, and for what is deducted from a refund.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub fen_per_100: i64,
    /// How the multipliers of tier, birthday and rules go together.
    pub combine: Combine,
    #[schema(max_items = 100)]
    pub rules: Vec<EarnRule>,
    /// An adjustment by staff above so many points waits for a second person.
    #[schema(minimum = 0)]
    pub review_above: i64,
    /// Members are told so many days before points expire; 0: not at all.
    #[schema(minimum = 0, maximum = 90)]
    pub remind_days: u32,
    pub check_in: Option<CheckInPolicy>,
    pub invite: Option<InvitePolicy>,
    pub sharing: SharingPolicy,
}

impl Default for PointsPolicy {
    fn default() -> Self {
        Self {
            per_yuan: 1,
            return_days: 7,
            expiry: Expiry::YearEnd { after_years: 1 },
            grace_days: 7,
            shortage: ShortagePolicy::Debt,
            fen_per_100: 100,
            combine: Combine::Highest,
            rules: Vec::new(),
            review_above: 1000,
            remind_days: 7,
            check_in: None,
            invite: None,
            sharing: SharingPolicy::default(),
        }
    }
}

/// When points end: at midnight in the brand's zone, counted from the day on which they can first be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Expiry {
    Never,
    /// Good until the end of the day that is so many days later.
    Days {
        days: u32,
    },
    /// At the end of the month, or of the month so many later.
    MonthEnd {
        #[serde(default)]
        after_months: u32,
    },
    /// At the end of the year, or of the year so many later.
    YearEnd {
        #[serde(default)]
        after_years: u32,
    },
}

impl Expiry {
    /// The instant from which on points that are first available at `at` are gone.
    pub fn ends(self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let day = calendar::local_date(at, zone);
        let first_gone = match self {
            Self::Never => return None,
            Self::Days { days } => day.checked_add_days(Days::new(u64::from(days) + 1)),
            Self::MonthEnd { after_months } => {
                day.with_day(1).and_then(|first| first.checked_add_months(Months::new(after_months + 1)))
            }
            Self::YearEnd { after_years } => {
                let years = i32::try_from(after_years).unwrap_or(i32::MAX);
                NaiveDate::from_ymd_opt(day.year().saturating_add(years).saturating_add(1), 1, 1)
            }
        };
        first_gone.map(|day| calendar::start_of_day(day, zone))
    }
}

/// What happens where a refund takes back more points than the member has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortagePolicy {
    /// The balance goes below zero.
    Debt,
    /// Their value is kept back from the money.
    DeductFromRefund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The best of them counts.
    Highest,
    /// Each on top of the others: 150 % and 200 % are 300 %.
    Multiply,
}

/// Points for a day's check-in; a streak's reward comes on the day that completes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInPolicy {
    #[schema(minimum = 1, maximum = 10_000)]
    pub points: i64,
    /// Of those that a streak's length divides, the longest one adds its points.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub streaks: Vec<Streak>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Streak {
    #[schema(minimum = 2, maximum = 366)]
    pub days: i32,
    #[schema(minimum = 1, maximum = 100_000)]
    pub points: i64,
}

/// WeChat forbids paying for a share; what may be paid for is what the invited person really does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitePolicy {
    pub reward_on: InviteAct,
    #[schema(minimum = 0, maximum = 100_000)]
    pub inviter_points: i64,
    #[schema(minimum = 0, maximum = 100_000)]
    pub invited_points: i64,
    /// `first_purchase`: a smaller one is not rewarded.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub least_fen: i64,
    /// Rewards of an inviter in 30 days.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub most_in_30_days: u32,
}

fn ten() -> u32 {
    10
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InviteAct {
    Join,
    FirstPurchase,
}

/// Points for sharing to friends or Moments. Off unless the brand turns it on and says that it knows the platform's rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SharingPolicy {
    pub enabled: bool,
    /// Points for the first share of a day.
    #[schema(minimum = 0, maximum = 1000)]
    pub points: i64,
    /// Must be true to turn it on: [`SHARING_WARNING`] was read.
    pub warning_read: bool,
}

/// Shown by the console beside the switch.
pub const SHARING_WARNING: &str = "微信禁止以积分、优惠券、抽奖机会等利益诱导用户分享或关注，违者会被限制分享能力直至封号。只奖励被邀请人的真实行为（入会、首单）是允许的。";

/// The policy in force.
pub async fn load(connection: &impl ConnectionTrait) -> Result<PointsPolicy> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_policy(ctx: &Context, caller: &StaffCaller) -> Result<PointsPolicy> {
    caller.require(Permission::ReadSettings)?;
    load(ctx.db.read()).await
}

/// Holds for what is earned from now on; lots that are there keep their days.
pub async fn save_policy(ctx: &Context, caller: &StaffCaller, policy: PointsPolicy) -> Result<PointsPolicy> {
    caller.require(Permission::WriteSettings)?;
    policy_rules::check(&policy)?;
    let txn = ctx.db.begin().await?;
    let before = load(&txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "points.policy"), (&before, &policy)).await?;
    txn.commit().await?;
    Ok(policy)
}
