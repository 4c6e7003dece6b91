//! What a member wishes: which channels and topics, how many a week, when not, and whether messages may be picked by
//! personal traits. A switched-off channel or topic is an opt-out; the rest can only make the brand's rules stricter.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::preference;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consent::{self, Said};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::policy::QuietHours;
use crate::redirect;

const LONGEST_PAUSE: Duration = Duration::days(366);
/// Where an opt-out or opt-in came from.
const BY_MEMBER: &str = "member";
const CHANNELS: [&str; 4] = ["all", "wechat_subscribe", "sms", "inbox"];

/// The whole set; a PUT replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Every no, by channel (`all`, `wechat_subscribe`, `sms`, `inbox`) and topic (`all` or a name).
    pub opt_outs: Vec<OptOut>,
    /// At most so many marketing messages in 7 days; null: as the brand has it.
    pub weekly_limit: Option<u32>,
    /// At most so many marketing messages in 7 days on one channel (`wechat_subscribe`, `sms`, `inbox`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channel_limits: BTreeMap<String, u32>,
    pub quiet_hours: Option<QuietHours>,
    /// No marketing until then.
    pub paused_until: Option<DateTime<Utc>>,
    /// Whether marketing may be picked by personal traits (Personal Information Protection Law, article 24).
    pub personalised: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptOut {
    pub channel: String,
    pub topic: String,
}

pub async fn read(ctx: &Context, member_id: MemberId) -> Result<Preferences> {
    read_in(ctx.db.read(), member_id).await
}

async fn read_in(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<Preferences> {
    let opt_outs = consent::opt_outs_of(connection, member_id)
        .await?
        .into_iter()
        .map(|row| OptOut { channel: row.channel, topic: row.topic })
        .collect();
    let row = preference::Entity::find_by_id(member_id).one(connection).await?;
    Ok(match row {
        None => Preferences {
            opt_outs,
            weekly_limit: None,
            channel_limits: BTreeMap::new(),
            quiet_hours: None,
            paused_until: None,
            personalised: true,
        },
        Some(row) => Preferences {
            opt_outs,
            weekly_limit: row.weekly_limit.and_then(|limit| u32::try_from(limit).ok()),
            channel_limits: row
                .channel_limits
                .map(serde_json::from_value)
                .transpose()
                .map_err(Error::internal)?
                .unwrap_or_default(),
            quiet_hours: row.quiet_start.zip(row.quiet_end).map(|(start, end)| QuietHours { start, end }),
            paused_until: row.paused_until,
            personalised: row.personalised,
        },
    })
}

/// Replaces the member's wishes; effective for messages that are already queued.
pub async fn save(ctx: &Context, member_id: MemberId, wishes: Preferences) -> Result<Preferences> {
    validate(ctx, &wishes)?;
    let txn = ctx.db.begin().await?;
    // One after the other, so that what is saved is one of the two wishes and not a mixture.
    let member = redirect::lock_current(&txn, member_id).await?;
    let member_id = member.ok_or(Error::NotFound("member"))?.id;
    save_opt_outs(ctx, &txn, member_id, &wishes.opt_outs).await?;
    let (quiet_start, quiet_end) =
        wishes.quiet_hours.as_ref().map(|quiet| (quiet.start.clone(), quiet.end.clone())).unzip();
    let channel_limits = (!wishes.channel_limits.is_empty())
        .then(|| serde_json::to_value(&wishes.channel_limits))
        .transpose()
        .map_err(Error::internal)?;
    preference::Entity::insert(preference::ActiveModel {
        member_id: Set(member_id),
        weekly_limit: Set(wishes.weekly_limit.and_then(|limit| i32::try_from(limit).ok())),
        channel_limits: Set(channel_limits),
        quiet_start: Set(quiet_start),
        quiet_end: Set(quiet_end),
        paused_until: Set(wishes.paused_until),
        personalised: Set(wishes.personalised),
        updated_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::column(preference::Column::MemberId)
            .update_columns([
                preference::Column::WeeklyLimit,
                preference::Column::ChannelLimits,
                preference::Column::QuietStart,
                preference::Column::QuietEnd,
                preference::Column::PausedUntil,
                preference::Column::Personalised,
                preference::Column::UpdatedAt,
            ])
            .to_owned(),
    )
    .exec_without_returning(&txn)
    .await?;
    let saved = read_in(&txn, member_id).await?;
    txn.commit().await?;
    Ok(saved)
}

async fn save_opt_outs(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member_id: MemberId,
    wanted: &[OptOut],
) -> Result<()> {
    for old in consent::opt_outs_of(txn, member_id).await? {
        if !wanted.iter().any(|no| no.channel == old.channel && no.topic == old.topic) {
            let said = Said::by(BY_MEMBER, serde_json::json!({ "by": "preferences" }));
            consent::opt_in(ctx, txn, member_id, (&old.channel, &old.topic), said).await?;
        }
    }
    for no in wanted {
        let said = Said::by(BY_MEMBER, serde_json::json!({ "by": "preferences" }));
        consent::opt_out(ctx, txn, member_id, (&no.channel, &no.topic), said).await?;
    }
    Ok(())
}

fn validate(ctx: &Context, wishes: &Preferences) -> Result<()> {
    for (index, no) in wishes.opt_outs.iter().enumerate() {
        if !CHANNELS.contains(&no.channel.as_str()) {
            let allowed = CHANNELS.join(", ");
            return Err(Error::invalid(format!("opt_outs[{index}].channel"), format!("is one of {allowed}")));
        }
        if !(1..=40).contains(&no.topic.chars().count()) {
            return Err(Error::invalid(format!("opt_outs[{index}].topic"), "needs 1 to 40 characters"));
        }
    }
    if wishes.opt_outs.len() > 100 {
        return Err(Error::invalid("opt_outs", "are at most 100"));
    }
    if wishes.weekly_limit.is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err(Error::invalid("weekly_limit", "is a number from 1 to 100; to get none, opt out"));
    }
    for (channel, limit) in &wishes.channel_limits {
        let field = || format!("channel_limits.{channel}");
        if !CHANNELS[1..].contains(&channel.as_str()) {
            return Err(Error::invalid(field(), format!("is one of {}", CHANNELS[1..].join(", "))));
        }
        if !(1..=100).contains(limit) {
            return Err(Error::invalid(field(), "is a number from 1 to 100; to get none, opt out"));
        }
    }
    if wishes.paused_until.is_some_and(|until| until > ctx.now() + LONGEST_PAUSE) {
        return Err(Error::invalid("paused_until", "is at most a year ahead; to get none, opt out"));
    }
    if let Some(quiet) = &wishes.quiet_hours {
        quiet.window()?;
    }
    Ok(())
}
