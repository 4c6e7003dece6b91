//! What the brand has decided for all campaigns: frequency caps, quiet hours, what a message costs and how much may be spent. The
//! settings file gives the defaults, the console overrides them; the override is one row of `setting`.

mod rules;

use chrono::NaiveTime;
use entity::states::{Channel, MessageClass};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::platforms;
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "policy";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub caps: Caps,
    /// Besides `caps`, for some messages only; the strictest of all that fit wins.
    #[serde(default)]
    pub cap_rules: Vec<CapRule>,
    pub quiet_hours: QuietHours,
    /// What the supplier takes for one part of an SMS, in fen.
    #[serde(default = "sms_segment_fen")]
    pub sms_segment_fen: i64,
    #[serde(default)]
    pub budgets: Budgets,
    /// A campaign goes out only after somebody else than its last editor has approved it.
    #[serde(default)]
    pub review_campaigns: bool,
    /// Only where the audience has more members than this; null: always.
    #[serde(default)]
    pub review_above_members: Option<u32>,
}

/// Some 0.05 yuan, the list price of the suppliers for small amounts.
fn sms_segment_fen() -> i64 {
    5
}

/// Ceilings for what messages and the coupons that go with them cost, in fen; null is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// Per calendar month in the shop's zone.
    #[serde(default)]
    pub month_fen: Option<i64>,
    /// Ever.
    #[serde(default)]
    pub brand_fen: Option<i64>,
}

/// A cap for the messages that fit; null fits all, 0 is no cap. It counts the slots that fit it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CapRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<MessageClass>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    #[serde(default)]
    pub per_24_hours: u32,
    #[serde(default)]
    pub per_7_days: u32,
    /// A calendar day in the member's zone.
    #[serde(default)]
    pub per_calendar_day: u32,
}

impl CapRule {
    pub fn caps(&self) -> Caps {
        let Self { per_24_hours, per_7_days, per_calendar_day, .. } = *self;
        Caps { per_24_hours, per_7_days, per_calendar_day }
    }
}

/// Marketing messages per member over all channels; 0 is no cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    pub per_24_hours: u32,
    pub per_7_days: u32,
    /// A calendar day in the member's zone.
    pub per_calendar_day: u32,
}

/// Times of day `HH:MM` in the member's zone; start = end is none, start after end goes across midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub start: String,
    pub end: String,
}

impl QuietHours {
    /// Start and end, or None where there are no quiet hours.
    pub fn window(&self) -> Result<Option<(NaiveTime, NaiveTime)>> {
        let start = time_of_day("quiet_hours.start", &self.start)?;
        let end = time_of_day("quiet_hours.end", &self.end)?;
        Ok((start != end).then_some((start, end)))
    }
}

pub fn time_of_day(field: &str, text: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| Error::invalid(field, format!("{text:?} is not a time of day; write HH:MM")))
}

/// The policy in force.
pub async fn load(ctx: &Context, connection: &impl ConnectionTrait) -> Result<Policy> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_else(|| defaults(ctx)))
}

pub async fn read(ctx: &Context, caller: &StaffCaller) -> Result<Policy> {
    caller.require(Permission::ReadSettings)?;
    load(ctx, ctx.db.read()).await
}

pub async fn save(ctx: &Context, caller: &StaffCaller, policy: Policy) -> Result<Policy> {
    caller.require(Permission::WriteSettings)?;
    rules::check(&policy)?;
    let txn = ctx.db.begin().await?;
    let before = load(ctx, &txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "policy.save"), (&before, &policy)).await?;
    txn.commit().await?;
    Ok(policy)
}

/// The account's subscribe-message templates, asked of the platform now.
///
/// # Refuses
/// `channel_not_configured`
pub async fn wechat_templates(
    ctx: &Context,
    caller: &StaffCaller,
) -> Result<Vec<platform::wechat::Template>> {
    caller.require(Permission::ReadCampaigns)?;
    let templates = ctx.platforms.wechat()?.templates().await;
    templates.map_err(|error| platforms::unavailable("wechat", error))
}

fn defaults(ctx: &Context) -> Policy {
    let caps = &ctx.settings.caps;
    let quiet = &ctx.settings.quiet_hours;
    Policy {
        caps: Caps {
            per_24_hours: caps.per_24_hours,
            per_7_days: caps.per_7_days,
            per_calendar_day: caps.per_calendar_day,
        },
        cap_rules: Vec::new(),
        quiet_hours: QuietHours { start: quiet.start.clone(), end: quiet.end.clone() },
        review_campaigns: false,
        review_above_members: None,
        sms_segment_fen: sms_segment_fen(),
        budgets: Budgets::default(),
    }
}
