//! Hands due deliveries to the queues: a bounded number ahead of the workers per channel and lane, shared by the campaigns
//! that have work ([`share`]), so that a pause or an opt-out finds few on their way and no campaign waits behind another.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, Lane};
use entity::{campaign, delivery};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::channel;
use super::share::{self, Claimant};
use crate::context::Context;
use crate::db::plan_afresh;
use crate::error::Result;
use crate::ids::{CampaignId, DeliveryId};
use crate::outbox::{self, Job};

/// Only one process dispatches at a time: the parts of the queue are decided by who sees all of it.
const LOCK: &str = "SELECT pg_try_advisory_xact_lock(4854021) AS taken";

/// A running campaign with work that is due.
struct Waiting {
    id: CampaignId,
    weight: u32,
    rate: Option<u32>,
}

type Group = (Channel, Lane);

/// Queues what is due of every running campaign; answers how many deliveries that were. Harmless to repeat: a
/// delivery leaves `pending` once.
pub async fn dispatch(ctx: &Context) -> Result<u64> {
    let now = ctx.now();
    if waiting(ctx.db.read(), now).await?.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    plan_afresh(&txn).await?;
    if !is_alone(&txn).await? {
        txn.rollback().await?;
        return Ok(0);
    }
    let mut jobs = Vec::new();
    let mut count = 0;
    for (group, campaigns) in waiting(&txn, now).await? {
        let batches = dispatch_group(ctx, &txn, group, campaigns).await?;
        count += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        jobs.extend(batches.into_iter().map(|batch| batch.into_job(group.1)));
    }
    if count == 0 {
        // At once, not when the connection is used again: the lock goes with it.
        txn.rollback().await?;
        return Ok(0);
    }
    outbox::push(&txn, now, &jobs).await?;
    txn.commit().await?;
    Ok(count)
}

struct Batch {
    campaign_id: CampaignId,
    delivery_ids: Vec<DeliveryId>,
}

impl Batch {
    fn len(&self) -> usize {
        self.delivery_ids.len()
    }

    fn into_job(self, lane: Lane) -> Job {
        Job::SendDeliveries { campaign_id: self.campaign_id, lane, delivery_ids: self.delivery_ids }
    }
}

/// Fills up the queue of one channel and lane.
async fn dispatch_group(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (channel, _): Group,
    campaigns: Vec<Waiting>,
) -> Result<Vec<Batch>> {
    let per_second = channel::per_second(&ctx.settings, channel);
    let settings = &ctx.settings.delivery;
    let ahead = share::ahead(per_second, settings.batch, settings.queued_ahead);
    let queued = queued(txn, &campaigns).await?;
    let room = ahead.saturating_sub(queued.values().sum());
    if room == 0 {
        return Ok(Vec::new());
    }
    let claimants = claimants(txn, &campaigns, &queued, (room, ctx.now())).await?;
    let mut lists = Vec::with_capacity(campaigns.len());
    for (one, given) in campaigns.iter().zip(share::split(room, &claimants)) {
        let ids = if given > 0 { take(txn, one.id, ctx.now(), given).await? } else { Vec::new() };
        let batch = |ids: &[DeliveryId]| Batch { campaign_id: one.id, delivery_ids: ids.to_vec() };
        lists.push(ids.chunks(share::batch(settings.batch, per_second, one.rate)).map(batch).collect());
    }
    Ok(share::interleave(lists))
}

async fn claimants(
    txn: &impl ConnectionTrait,
    campaigns: &[Waiting],
    queued: &HashMap<CampaignId, u64>,
    (room, now): (u64, DateTime<Utc>),
) -> Result<Vec<Claimant>> {
    let mut claimants = Vec::with_capacity(campaigns.len());
    for one in campaigns {
        let queued = queued.get(&one.id).copied().unwrap_or_default();
        let own = one.rate.map_or(room, |rate| share::own_ahead(rate).saturating_sub(queued)).min(room);
        // Who is alone may want more than it has.
        let wanted = if campaigns.len() == 1 { own } else { due(one.id, now).limit(own).count(txn).await? };
        claimants.push(Claimant { weight: one.weight, queued, wanted });
    }
    Ok(claimants)
}

fn due(id: CampaignId, now: DateTime<Utc>) -> sea_orm::Select<delivery::Entity> {
    delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::State.is_in([DeliveryState::Pending, DeliveryState::Deferred]))
        .filter(delivery::Column::NotBefore.lte(now))
}

/// Running campaigns that have something due, the oldest first.
async fn waiting(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Group, Vec<Waiting>>> {
    let some = Condition::any()
        .add(Expr::exists(any_due(DeliveryState::Pending, now)))
        .add(Expr::exists(any_due(DeliveryState::Deferred, now)));
    let rows: Vec<(CampaignId, Channel, Lane, i32, Option<i32>)> = campaign::Entity::find()
        .select_only()
        .columns([
            campaign::Column::Id,
            campaign::Column::Channel,
            campaign::Column::Lane,
            campaign::Column::Weight,
            campaign::Column::RatePerSecond,
        ])
        .filter(campaign::Column::State.is_in([CampaignState::Resolving, CampaignState::Sending]))
        .filter(some)
        .order_by_asc(campaign::Column::StartedAt)
        .into_tuple()
        .all(connection)
        .await?;
    let mut groups: BTreeMap<Group, Vec<Waiting>> = BTreeMap::new();
    for (id, channel, lane, weight, rate) in rows {
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0);
        let weight = u32::try_from(weight).unwrap_or_default().max(1);
        groups.entry((channel, lane)).or_default().push(Waiting { id, weight, rate });
    }
    Ok(groups)
}

fn any_due(state: DeliveryState, now: DateTime<Utc>) -> SelectStatement {
    use sea_orm::sea_query::ExprTrait;
    let of_campaign = Expr::col((delivery::Entity, delivery::Column::CampaignId))
        .equals((campaign::Entity, campaign::Column::Id));
    Query::select()
        .expr(Expr::value(1))
        .from(delivery::Entity)
        .and_where(of_campaign)
        .and_where(delivery::Column::State.eq(state))
        .and_where(delivery::Column::NotBefore.lte(now))
        .to_owned()
}

/// On SQLite the write transaction itself says so.
async fn is_alone(txn: &DatabaseTransaction) -> Result<bool> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let row = txn.query_one_raw(Statement::from_string(DbBackend::Postgres, LOCK)).await?;
    Ok(row.is_some_and(|row| row.try_get("", "taken").unwrap_or(false)))
}

async fn queued(txn: &impl ConnectionTrait, campaigns: &[Waiting]) -> Result<HashMap<CampaignId, u64>> {
    let rows: Vec<(CampaignId, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::CampaignId)
        .column_as(delivery::Column::Id.count(), "queued")
        .filter(delivery::Column::CampaignId.is_in(campaigns.iter().map(|one| one.id)))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .group_by(delivery::Column::CampaignId)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows.into_iter().map(|(id, count)| (id, u64::try_from(count).unwrap_or_default())).collect())
}

/// Marks up to `limit` due ones queued: first what was deferred and has waited, then first due, first served. Each in the
/// order of the index, so that a round costs what it takes and not what is left.
async fn take(
    txn: &DatabaseTransaction,
    id: CampaignId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let mut ids = Vec::new();
    for state in [DeliveryState::Deferred, DeliveryState::Pending] {
        let left = limit - ids.len() as u64;
        if left > 0 {
            ids.extend(take_from(txn, (id, state), now, left).await?);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

const TAKE_POSTGRES: &str = "UPDATE delivery SET state = 'queued', queued_at = $1, updated_at = $1 \
     WHERE id = ANY(ARRAY(SELECT id FROM delivery WHERE campaign_id = $2 AND state = $3 AND not_before <= $1 \
     ORDER BY not_before, id LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED)) RETURNING id";
const TAKE_SQLITE: &str = "UPDATE delivery SET state = 'queued', queued_at = $1, updated_at = $1 \
     WHERE id IN (SELECT id FROM delivery WHERE campaign_id = $2 AND state = $3 AND not_before <= $1 \
     ORDER BY not_before, id LIMIT $4) RETURNING id";

async fn take_from(
    txn: &DatabaseTransaction,
    (id, state): (CampaignId, DeliveryState),
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let backend = txn.get_database_backend();
    let sql = if backend == DbBackend::Postgres { TAKE_POSTGRES } else { TAKE_SQLITE };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [now.into(), id.0.into(), state.as_str().into(), limit.into()];
    let rows = txn.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<std::result::Result<_, _>>()?)
}
