//! What the brand has decided for all campaigns: frequency caps and quiet hours. The settings file gives the defaults, the
//! console overrides them; the override is one row of `setting`.

use chrono::NaiveTime;
use entity::setting;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::platforms;
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "policy";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub caps: Caps,
    pub quiet_hours: QuietHours,
    /// A campaign goes out only after somebody else than its last editor has approved it.
    #[serde(default)]
    pub review_campaigns: bool,
    /// Only where the audience has more members than this; null: always.
    #[serde(default)]
    pub review_above_members: Option<u32>,
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
    match setting::Entity::find_by_id(NAME).one(connection).await? {
        Some(row) => serde_json::from_value(row.value).map_err(Error::internal),
        None => Ok(defaults(ctx)),
    }
}

pub async fn read(ctx: &Context, caller: &StaffCaller) -> Result<Policy> {
    caller.require(Permission::ReadSettings)?;
    load(ctx, ctx.db.read()).await
}

pub async fn save(ctx: &Context, caller: &StaffCaller, policy: Policy) -> Result<Policy> {
    caller.require(Permission::WriteSettings)?;
    policy.quiet_hours.window()?;
    let txn = ctx.db.begin().await?;
    let before = load(ctx, &txn).await?;
    let value = serde_json::to_value(&policy).map_err(Error::internal)?;
    setting::Entity::insert(setting::ActiveModel {
        name: Set(NAME.to_owned()),
        value: Set(value.clone()),
        updated_by: Set(Some(caller.id)),
        updated_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::column(setting::Column::Name)
            .update_columns([setting::Column::Value, setting::Column::UpdatedBy, setting::Column::UpdatedAt])
            .to_owned(),
    )
    .exec_without_returning(&txn)
    .await?;
    let detail = serde_json::json!({ "before": before, "after": value });
    audit::record(
        ctx,
        &txn,
        Act { actor: caller.actor(), action: "policy.save", subject: ("setting", NAME.to_owned()), detail },
    )
    .await?;
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
        quiet_hours: QuietHours { start: quiet.start.clone(), end: quiet.end.clone() },
        review_campaigns: false,
        review_above_members: None,
    }
}
