//! Sends one batch: claim, call, settle.
//!
//! The batch is worked off in strides of a tenth of a second's rate. A stride is **claimed** in one transaction, **calls** the
//! platform with no transaction open and with permits in hand, and is **settled** in one transaction. A claim that had to
//! wait for its permits is given back and made afresh, so that a no given meanwhile still counts and no claim grows
//! old. A crash after the claim leaves `sending`, which becomes `unknown` when its lease ends.

use chrono::Duration;
use entity::campaign;
use futures_util::StreamExt;
use sea_orm::EntityTrait;
use tokio_util::sync::CancellationToken;

use super::channel;
use super::claim::{self, Claimed, Envelope};
use super::outcome::Outcome;
use super::permits::Pace;
use super::settle::settle;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, DeliveryId};

/// How old a claim may be when its calls begin.
const FRESH: Duration = Duration::seconds(1);

/// Running it twice is harmless: a delivery is claimed from `queued` once. `stop` hands back what was not yet called.
pub async fn send(
    ctx: &Context,
    campaign_id: CampaignId,
    deliveries: &[DeliveryId],
    stop: &CancellationToken,
) -> Result<()> {
    let campaign = campaign::Entity::find_by_id(campaign_id)
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    let mut pace = Pace::of(ctx, &campaign, stop);
    let mut rest = deliveries;
    while !rest.is_empty() {
        if stop.is_cancelled() {
            return claim::hand_back(ctx, rest).await;
        }
        let stride = pace.stride().clamp(1, rest.len());
        let Some(claimed) = claim::claim(ctx, campaign_id, rest, stride).await? else { return Ok(()) };
        let Some(claimed) = with_permits(ctx, &mut pace, claimed, &rest[..stride]).await? else {
            return claim::hand_back(ctx, rest).await;
        };
        if !claimed.envelopes.is_empty() {
            let outcomes = call(ctx, &claimed).await;
            pace.spend(&claimed.calls());
            settle(ctx, &claimed, &outcomes).await?;
        }
        rest = &rest[stride..];
    }
    Ok(())
}

/// The claim with a permit for each of its calls; None when there will be none, and nothing is claimed any more.
async fn with_permits(
    ctx: &Context,
    pace: &mut Pace<'_>,
    claimed: Claimed,
    stride: &[DeliveryId],
) -> Result<Option<Claimed>> {
    let claimed_at = ctx.now();
    let granted = pace.gather(&claimed.calls()).await;
    if matches!(granted, Ok(true)) && ctx.now() - claimed_at < FRESH {
        return Ok(Some(claimed));
    }
    let uncalled: Vec<_> =
        claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, Outcome::HandedBack)).collect();
    settle(ctx, &claimed, &uncalled).await?;
    if !granted? {
        return Ok(None);
    }
    claim::claim(ctx, claimed.campaign.id, stride, stride.len()).await
}

async fn call(ctx: &Context, claimed: &Claimed) -> Vec<(DeliveryId, Outcome)> {
    let mut calls = Vec::with_capacity(claimed.envelopes.len());
    for envelope in &claimed.envelopes {
        calls.push(call_one(ctx, envelope));
    }
    futures_util::stream::iter(calls).buffer_unordered(ctx.settings.delivery.concurrency).collect().await
}

async fn call_one(ctx: &Context, envelope: &Envelope) -> (DeliveryId, Outcome) {
    let started_at = ctx.now();
    let call = channel::Call {
        channel: envelope.delivery.channel,
        message: &envelope.message,
        rendered: &envelope.rendered,
        address: envelope.address.as_deref().unwrap_or_default(),
        out_id: envelope.delivery.id.to_string(),
    };
    (envelope.delivery.id, Outcome::of(channel::call(ctx, call).await, started_at))
}
