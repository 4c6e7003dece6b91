//! How the brand counts and checks tiers. Saved by the console as one row of `setting`.

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "tiers";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TierPolicy {
    /// Length of the rolling window in months.
    #[schema(minimum = 1, maximum = 120)]
    pub window_months: u32,
    pub counts: Counts,
    /// Where a tier asks for spend and visits.
    pub need: Need,
    /// So many monthly checks in a row below, then the tier ends.
    #[schema(minimum = 1, maximum = 36)]
    pub misses: u32,
    pub fall: Fall,
    /// Days after the last miss in which the tier can still be saved.
    #[schema(minimum = 0, maximum = 365)]
    pub grace_days: u32,
    /// The planner warns where the highest tier holds more of the members than this.
    #[schema(minimum = 1, maximum = 100)]
    pub top_quota_percent: u32,
}

impl Default for TierPolicy {
    fn default() -> Self {
        Self {
            window_months: 12,
            counts: Counts::Window,
            need: Need::Any,
            misses: 3,
            fall: Fall::OneStep,
            grace_days: 0,
            top_quota_percent: 10,
        }
    }
}

/// Which of a member's three numbers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    Lifetime,
    Window,
    SinceChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    Any,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fall {
    /// To the next lower tier.
    OneStep,
    /// To the tier that is earned.
    ByBalance,
}

pub async fn load(connection: &impl ConnectionTrait) -> Result<TierPolicy> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_policy(ctx: &Context, caller: &StaffCaller) -> Result<TierPolicy> {
    caller.require(Permission::ReadSettings)?;
    load(ctx.db.read()).await
}

/// Holds from the next purchase and the next check on.
pub async fn save_policy(ctx: &Context, caller: &StaffCaller, policy: TierPolicy) -> Result<TierPolicy> {
    caller.require(Permission::WriteSettings)?;
    check(&policy)?;
    let txn = ctx.db.begin().await?;
    let before = load(&txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "tier.policy"), (&before, &policy)).await?;
    txn.commit().await?;
    Ok(policy)
}

fn check(policy: &TierPolicy) -> Result<()> {
    let limits = [
        ("window_months", policy.window_months, 1, 120),
        ("misses", policy.misses, 1, 36),
        ("grace_days", policy.grace_days, 0, 365),
        ("top_quota_percent", policy.top_quota_percent, 1, 100),
    ];
    let wrong = |&(field, value, least, most): &(&str, u32, u32, u32)| {
        let message = format!("is a number from {least} to {most}");
        (!(least..=most).contains(&value)).then(|| FieldError { field: field.to_owned(), message })
    };
    let errors: Vec<_> = limits.iter().filter_map(wrong).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
