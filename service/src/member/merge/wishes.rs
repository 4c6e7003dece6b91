//! Preferences: of each wish the stricter one.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Timelike};
use entity::preference;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use super::Pair;
use super::belongings::move_all;
use crate::context::Context;
use crate::error::Result;

const DAY_MINUTES: u32 = 24 * 60;

pub(super) async fn move_wishes(ctx: &Context, txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let Some(gone) = preference::Entity::find_by_id(pair.gone).one(txn).await? else { return Ok(0) };
    match preference::Entity::find_by_id(pair.kept).one(txn).await? {
        None => move_all(txn, "preference", pair).await,
        Some(kept) => {
            let mut joined = stricter(&kept, &gone);
            joined.updated_at = ctx.now();
            joined.into_active_model().reset_all().update(txn).await?;
            preference::Entity::delete_by_id(pair.gone).exec(txn).await?;
            Ok(1)
        }
    }
}

/// Of both, under the id of the first.
pub(super) fn stricter(kept: &preference::Model, gone: &preference::Model) -> preference::Model {
    let quiet = quieter(quiet_of(kept), quiet_of(gone));
    preference::Model {
        member_id: kept.member_id,
        weekly_limit: lower(kept.weekly_limit, gone.weekly_limit),
        channel_limits: lower_limits(kept, gone),
        quiet_start: quiet.map(|(start, _)| hours(start)),
        quiet_end: quiet.map(|(_, end)| hours(end)),
        paused_until: kept.paused_until.max(gone.paused_until),
        personalised: kept.personalised && gone.personalised,
        updated_at: kept.updated_at,
    }
}

fn lower(one: Option<i32>, other: Option<i32>) -> Option<i32> {
    one.into_iter().chain(other).min()
}

fn lower_limits(kept: &preference::Model, gone: &preference::Model) -> Option<serde_json::Value> {
    let mut limits: BTreeMap<String, i64> = BTreeMap::new();
    for stored in [&kept.channel_limits, &gone.channel_limits].into_iter().flatten() {
        let each: BTreeMap<String, i64> = serde_json::from_value(stored.clone()).unwrap_or_default();
        for (channel, limit) in each {
            let lowest = limits.entry(channel).or_insert(limit);
            *lowest = limit.min(*lowest);
        }
    }
    (!limits.is_empty()).then(|| serde_json::json!(limits))
}

/// Minutes of the day.
type Hours = (u32, u32);

fn quiet_of(row: &preference::Model) -> Option<Hours> {
    let minutes = |text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M").ok().map(|time| time.hour() * 60 + time.minute())
    };
    let hours = (minutes(row.quiet_start.as_deref()?)?, minutes(row.quiet_end.as_deref()?)?);
    (hours.0 != hours.1).then_some(hours)
}

/// The shortest stretch of the day that holds both; the longer one where only the whole day would.
fn quieter(one: Option<Hours>, other: Option<Hours>) -> Option<Hours> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    let stretches = [one, other, (one.0, other.1), (other.0, one.1)];
    let holds_both = |stretch: &Hours| holds(*stretch, one) && holds(*stretch, other);
    let shortest = stretches.into_iter().filter(holds_both).min_by_key(|stretch| length(*stretch));
    Some(shortest.unwrap_or(if length(one) >= length(other) { one } else { other }))
}

fn length((start, end): Hours) -> u32 {
    (end + DAY_MINUTES - start) % DAY_MINUTES
}

fn holds(outer: Hours, inner: Hours) -> bool {
    let offset = (inner.0 + DAY_MINUTES - outer.0) % DAY_MINUTES;
    offset + length(inner) <= length(outer)
}

fn hours(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
