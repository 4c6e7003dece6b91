//! A channel that its platform throttles rests, for every worker and campaign.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::Channel;
use sea_orm::ActiveEnum;

use super::outcome::Outcome;
use super::reason::Reason;
use crate::context::Context;
use crate::shared_state::SharedState;

/// How long a channel rests when the platform throttles without saying for how long: 45011 is counted by the minute.
pub const THROTTLED: Duration = Duration::seconds(60);

/// Which of these channels rest, and until when.
pub async fn resting(ctx: &Context, channels: &[Channel]) -> BTreeMap<Channel, DateTime<Utc>> {
    let mut resting = BTreeMap::new();
    for channel in channels {
        if let Some(until) = rests_until(ctx, *channel).await {
            resting.insert(*channel, until);
        }
    }
    resting
}

/// Without shared state each process rests by itself.
pub async fn rest_if_throttled(ctx: &Context, channel: Channel, outcomes: &[&Outcome]) {
    let wait = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Again { reason: Reason::PlatformThrottled, retry_after, .. } => {
                Some(retry_after.unwrap_or(THROTTLED))
            }
            _ => None,
        })
        .max();
    let Some(wait) = wait else { return };
    let until = (ctx.now() + wait).to_rfc3339();
    let ttl = wait.to_std().unwrap_or_default();
    if let Err(error) = ctx.shared.set(&key(channel), &until, ttl).await {
        tracing::warn!(%error, "could not tell the other workers that the channel rests");
        let _ = ctx.local.set(&key(channel), &until, ttl).await;
    }
}

/// None when the channel does not rest, or nobody can tell.
async fn rests_until(ctx: &Context, channel: Channel) -> Option<DateTime<Utc>> {
    let text = match ctx.shared.get(&key(channel)).await {
        Ok(text) => text,
        Err(_) => ctx.local.get(&key(channel)).await.unwrap_or_default(),
    }?;
    let until = DateTime::parse_from_rfc3339(&text).ok()?.with_timezone(&Utc);
    (until > ctx.now()).then_some(until)
}

fn key(channel: Channel) -> String {
    format!("channel.rests.{}", channel.to_value())
}
