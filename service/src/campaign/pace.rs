//! How fast a campaign may go and when it will be through. Pure but for the settings.

use chrono::{DateTime, Duration, Utc};
use entity::campaign;
use entity::states::{Channel, DeliveryState};

use super::progress::Counts;
use crate::context::Context;

/// The smaller of the channel's rate and the campaign's own.
pub fn allowed_per_second(ctx: &Context, campaign: &campaign::Model) -> u32 {
    let channel = channel_per_second(ctx, campaign.channel);
    let own = campaign.rate_per_second.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0);
    own.map_or(channel, |own| own.min(channel))
}

pub fn channel_per_second(ctx: &Context, channel: Channel) -> u32 {
    let rates = &ctx.settings.rates;
    match channel {
        Channel::WechatSubscribe => rates.wechat_per_second,
        Channel::Sms => rates.sms_per_second,
        Channel::Inbox => rates.inbox_per_second,
    }
}

/// When what is due will have been worked off at the rate that it goes at (before it has begun, at the one it may go at), and not
/// before the last deferred one is let go.
pub fn ends_at(counts: &Counts, allowed: u32) -> Option<DateTime<Utc>> {
    let due: i64 = counts
        .lines
        .iter()
        .filter(|line| {
            matches!(line.state, DeliveryState::Pending | DeliveryState::Queued | DeliveryState::Sending)
        })
        .map(|line| line.deliveries)
        .sum();
    let per_second = if counts.per_second > 0.0 { counts.per_second } else { f64::from(allowed) };
    let worked_off = counts.as_of + takes(due, per_second)?;
    Some(counts.deferred_until.map_or(worked_off, |until| until.max(worked_off)))
}

/// How long so many messages take.
pub fn takes(messages: i64, per_second: f64) -> Option<Duration> {
    #[allow(clippy::cast_precision_loss, reason = "messages far below 2^53")]
    let seconds = messages as f64 / per_second;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be finite")]
    seconds.is_finite().then(|| Duration::milliseconds((seconds * 1000.0).ceil() as i64))
}
