//! Waiting for the campaign's and the channel's rate.
//!
//! All workers together keep to a rate through the shared state. Without it each keeps to a small share of its own: slower
//! for sure, faster for none.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::campaign;
use entity::states::Channel;
use sea_orm::ActiveEnum;
use tokio_util::sync::CancellationToken;

use super::channel;
use super::standing::is_running;
use crate::context::Context;
use crate::error::Result;
use crate::ids::CampaignId;
use crate::shared_state::{Permits, Rate, SharedState};

/// The longest a worker sleeps before it looks again whether the campaign still runs.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// What one process may send of a rate while nobody counts for all: stricter for up to ten of them.
const ALONE: f64 = 0.1;

/// The pace of one batch: permits taken and not yet used.
pub struct Pace<'a> {
    ctx: &'a Context,
    stop: &'a CancellationToken,
    campaign_id: CampaignId,
    campaign: Option<Lane>,
    channel: Channel,
    channels: BTreeMap<Channel, Lane>,
    looked_at: DateTime<Utc>,
}

struct Lane {
    key: String,
    per_second: u32,
    held: u32,
}

impl<'a> Pace<'a> {
    pub fn of(ctx: &'a Context, campaign: &campaign::Model, stop: &'a CancellationToken) -> Self {
        let own = campaign.rate_per_second.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0);
        Self {
            ctx,
            stop,
            campaign_id: campaign.id,
            campaign: own.map(|rate| Lane::new(format!("rate.campaign.{}", campaign.id), rate)),
            channel: campaign.channel,
            channels: BTreeMap::from([(campaign.channel, Lane::of_channel(ctx, campaign.channel))]),
            looked_at: ctx.now(),
        }
    }

    /// How many make sense to claim together: what the narrower rate grants at once.
    pub fn stride(&self) -> usize {
        let own = self.campaign.as_ref().map_or(u32::MAX, Lane::burst);
        own.min(self.channels.get(&self.channel).map_or(u32::MAX, Lane::burst)) as usize
    }

    /// Waits until so many permits per channel are held; false when the worker stops or the campaign no longer runs.
    pub async fn gather(&mut self, wanted: &BTreeMap<Channel, usize>) -> Result<bool> {
        loop {
            let mut wait = Duration::ZERO;
            if let Some(lane) = &mut self.campaign {
                wait = wait.max(lane.take(self.ctx, permits(wanted.values().sum())).await);
            }
            for (channel, calls) in wanted {
                let lane =
                    self.channels.entry(*channel).or_insert_with(|| Lane::of_channel(self.ctx, *channel));
                wait = wait.max(lane.take(self.ctx, permits(*calls)).await);
            }
            if wait.is_zero() {
                return Ok(true);
            }
            self.ctx.clock.sleep(wait.clamp(Duration::from_millis(1), LONGEST_WAIT)).await;
            if self.stop.is_cancelled() || !self.still_runs().await? {
                return Ok(false);
            }
        }
    }

    pub fn spend(&mut self, used: &BTreeMap<Channel, usize>) {
        if let Some(lane) = &mut self.campaign {
            lane.held = lane.held.saturating_sub(permits(used.values().sum()));
        }
        for (channel, calls) in used {
            if let Some(lane) = self.channels.get_mut(channel) {
                lane.held = lane.held.saturating_sub(permits(*calls));
            }
        }
    }

    async fn still_runs(&mut self) -> Result<bool> {
        let now = self.ctx.now();
        if (now - self.looked_at).to_std().unwrap_or_default() < LONGEST_WAIT {
            return Ok(true);
        }
        self.looked_at = now;
        is_running(self.ctx, self.campaign_id).await
    }
}

fn permits(calls: usize) -> u32 {
    u32::try_from(calls).unwrap_or(u32::MAX)
}

impl Lane {
    fn of_channel(ctx: &Context, channel: Channel) -> Self {
        Self::new(format!("rate.channel.{}", channel.to_value()), channel::per_second(ctx, channel))
    }

    fn new(key: String, per_second: u32) -> Self {
        Self { key, per_second, held: 0 }
    }

    /// A tenth of a second at once keeps the flow smooth within the second.
    fn burst(&self) -> u32 {
        (self.per_second / 10).max(1)
    }

    /// Takes what is missing up to `wanted`; zero when nothing is, else how long until there is more.
    async fn take(&mut self, ctx: &Context, wanted: u32) -> Duration {
        let missing = wanted.saturating_sub(self.held);
        if missing == 0 {
            return Duration::ZERO;
        }
        let rate = Rate { per_second: f64::from(self.per_second), burst: self.burst() };
        let permits = match ctx.shared.take_permits(&self.key, rate, missing, ctx.now()).await {
            Ok(permits) => permits,
            Err(error) => {
                tracing::debug!(%error, "nobody counts the rate for all workers; keeping to a share of it");
                self.take_alone(ctx, missing).await
            }
        };
        self.held += permits.granted;
        if permits.granted >= missing {
            Duration::ZERO
        } else {
            permits.retry_after.max(Duration::from_millis(1))
        }
    }

    async fn take_alone(&self, ctx: &Context, missing: u32) -> Permits {
        let per_second = f64::from(self.per_second) * ALONE;
        let rate = Rate { per_second, burst: (self.burst() / 10).max(1) };
        let none = Permits { granted: 0, retry_after: LONGEST_WAIT };
        ctx.local.take_permits(&self.key, rate, missing, ctx.now()).await.unwrap_or(none)
    }
}
