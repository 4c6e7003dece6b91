//! Hands due deliveries to the queue: a bounded number ahead of the workers per campaign, so that a pause or an
//! opt-out finds few on their way and one campaign can't fill the queue.

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, DeliveryState};
use entity::{campaign, delivery};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::context::Context;
use crate::error::Result;
use crate::ids::{CampaignId, DeliveryId};
use crate::outbox::{self, Job};

/// Queues what is due of every running campaign; answers how many deliveries that were. Harmless to repeat: a
/// delivery leaves `pending` once.
pub async fn dispatch(ctx: &Context) -> Result<u64> {
    let running: Vec<CampaignId> = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::State.is_in([CampaignState::Resolving, CampaignState::Sending]))
        .order_by_asc(campaign::Column::StartedAt)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut queued = 0;
    for id in running {
        queued += dispatch_campaign(ctx, id).await?;
    }
    Ok(queued)
}

async fn dispatch_campaign(ctx: &Context, id: CampaignId) -> Result<u64> {
    if due(ctx.db.read(), id, ctx.now(), 1).await?.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    // Another process that dispatches this campaign holds the row; skipping it is right.
    let Some(campaign) = campaign::Entity::find_by_id(id)
        .filter(campaign::Column::State.is_in([CampaignState::Resolving, CampaignState::Sending]))
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .one(&txn)
        .await?
    else {
        return Ok(0);
    };
    let room = room(ctx, &txn, &campaign).await?;
    let ids = if room > 0 { take_due(&txn, id, ctx.now(), room).await? } else { Vec::new() };
    if ids.is_empty() {
        return Ok(0);
    }
    mark_queued(&txn, &ids, ctx.now()).await?;
    let jobs: Vec<_> = ids
        .chunks(batch_size(ctx, &campaign))
        .map(|chunk| Job::SendDeliveries { campaign_id: id, delivery_ids: chunk.to_vec() })
        .collect();
    outbox::push(&txn, ctx.now(), &jobs).await?;
    txn.commit().await?;
    Ok(ids.len() as u64)
}

/// How many more may be queued: never more than two seconds' worth of the campaign's rate.
async fn room(ctx: &Context, txn: &impl ConnectionTrait, campaign: &campaign::Model) -> Result<u64> {
    let ahead = match rate(campaign) {
        Some(rate) => (rate * 2).clamp(1, ctx.settings.delivery.queued_ahead),
        None => ctx.settings.delivery.queued_ahead,
    };
    let queued = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(campaign.id))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .count(txn)
        .await?;
    Ok(ahead.saturating_sub(queued))
}

/// A batch is at most half a second of the campaign's rate, so that a pause takes hold quickly.
fn batch_size(ctx: &Context, campaign: &campaign::Model) -> usize {
    let most = ctx.settings.delivery.batch;
    rate(campaign).map_or(most, |rate| usize::try_from(rate / 2).unwrap_or(most).clamp(1, most))
}

fn rate(campaign: &campaign::Model) -> Option<u64> {
    campaign.rate_per_second.and_then(|rate| u64::try_from(rate).ok()).filter(|rate| *rate > 0)
}

async fn due(
    connection: &impl ConnectionTrait,
    id: CampaignId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    Ok(find_due(id, now, limit).into_tuple().all(connection).await?)
}

/// Locked: a worker may claim a pending one at the same time, and what is claimed must not be queued.
async fn take_due(
    txn: &impl ConnectionTrait,
    id: CampaignId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let free = find_due(id, now, limit).lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    Ok(free.into_tuple().all(txn).await?)
}

/// First due, first served.
fn find_due(id: CampaignId, now: DateTime<Utc>, limit: u64) -> Select<delivery::Entity> {
    delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::State.is_in([DeliveryState::Pending, DeliveryState::Deferred]))
        .filter(delivery::Column::NotBefore.lte(now))
        .order_by_asc(delivery::Column::NotBefore)
        .order_by_asc(delivery::Column::Id)
        .limit(limit)
}

async fn mark_queued(txn: &impl ConnectionTrait, ids: &[DeliveryId], now: DateTime<Utc>) -> Result<()> {
    for chunk in ids.chunks(1000) {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Queued))
            .col_expr(delivery::Column::QueuedAt, Expr::value(now))
            .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
            .filter(delivery::Column::Id.is_in(chunk.iter().copied()))
            .exec(txn)
            .await?;
    }
    Ok(())
}
