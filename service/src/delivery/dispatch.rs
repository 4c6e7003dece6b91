//! Hands due deliveries to the queues: a bounded number ahead of the workers per channel and lane, shared by the campaigns
//! that have work ([`share`]), so that a pause or an opt-out finds few on their way and no campaign waits behind another.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{Channel, Lane};
use entity::{campaign, delivery};
use sea_orm::sea_query::{self, Condition, Expr, Func, Order, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, Statement,
};

use super::batch::{self, Batch};
use super::channel;
use super::share::{self, Claimant};
use super::standing::RUNNING;
use crate::context::Context;
use crate::db::plan_once;
use crate::error::Result;
use crate::ids::{BatchId, CampaignId, DeliveryId};
use crate::outbox::{self, Job};

/// Only one process dispatches at a time: the parts of the queue are decided by who sees all of it.
const LOCK: &str = "SELECT pg_try_advisory_xact_lock(4854021) AS taken";

/// A running campaign with work that is due.
struct Waiting {
    id: CampaignId,
    weight: u32,
    rate: Option<u32>,
    /// The last that had its first dispatch.
    dispatched_to: DeliveryId,
}

type Group = (Channel, Lane);

/// Queues what is due of every running campaign; answers how many deliveries that were. Harmless to repeat: a delivery leaves
/// `pending` once.
///
/// A delivery has its first dispatch in the order of the ids, which the campaign keeps its place in; so there is no index that it
/// would enter and leave. Whatever waits again has its `due_at`, and goes before.
pub async fn dispatch(ctx: &Context) -> Result<u64> {
    let now = ctx.now();
    if waiting(ctx.db.read(), now).await?.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    plan_once(&txn).await?;
    if !is_alone(&txn).await? {
        txn.rollback().await?;
        return Ok(0);
    }
    let mut jobs = Vec::new();
    let mut count = 0;
    for (group, campaigns) in waiting(&txn, now).await? {
        let parts = dispatch_group(ctx, &txn, group, campaigns).await?;
        count += parts.iter().map(|part| part.delivery_ids.len() as u64).sum::<u64>();
        batch::keep(&txn, &parts.iter().map(Part::batch).collect::<Vec<_>>(), now).await?;
        jobs.extend(parts.into_iter().map(|part| part.into_job(group.1)));
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

/// What goes into one message.
struct Part {
    campaign_id: CampaignId,
    batch_id: BatchId,
    delivery_ids: Vec<DeliveryId>,
}

impl Part {
    fn batch(&self) -> Batch<'_> {
        Batch { id: Some(self.batch_id), campaign_id: self.campaign_id, deliveries: &self.delivery_ids }
    }

    fn into_job(self, lane: Lane) -> Job {
        let Self { campaign_id, batch_id, delivery_ids } = self;
        Job::SendDeliveries { campaign_id, lane, batch_id: Some(batch_id), delivery_ids }
    }
}

/// Fills up the queue of one channel and lane.
async fn dispatch_group(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (channel, _): Group,
    campaigns: Vec<Waiting>,
) -> Result<Vec<Part>> {
    let per_second = channel::per_second(&ctx.settings, channel);
    let settings = &ctx.settings.delivery;
    let ahead = share::ahead(per_second, settings.batch, settings.queued_ahead);
    let queued = batch::open(txn, campaigns.iter().map(|one| one.id)).await?;
    let room = ahead.saturating_sub(queued.values().sum());
    if room == 0 {
        return Ok(Vec::new());
    }
    let claimants = claimants(txn, &campaigns, &queued, (room, ctx.now())).await?;
    let mut lists = Vec::with_capacity(campaigns.len());
    for (one, given) in campaigns.iter().zip(share::split(room, &claimants)) {
        let ids = if given > 0 { take(txn, one, ctx.now(), given).await? } else { Vec::new() };
        let part = |ids: &[DeliveryId]| Part {
            campaign_id: one.id,
            batch_id: ctx.new_id(),
            delivery_ids: ids.to_vec(),
        };
        lists.push(ids.chunks(share::batch(settings.batch, per_second, one.rate)).map(part).collect());
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
        let wanted = if campaigns.len() == 1 { own } else { wanted(txn, one, (own, now)).await? };
        claimants.push(Claimant { weight: one.weight, queued, wanted });
    }
    Ok(claimants)
}

/// How many of `most` it has.
async fn wanted(txn: &impl ConnectionTrait, one: &Waiting, (most, now): (u64, DateTime<Utc>)) -> Result<u64> {
    let due = of(one.id).filter(delivery::Column::DueAt.lte(now)).limit(most).count(txn).await?;
    let fresh = of(one.id).filter(delivery::Column::Id.gt(one.dispatched_to)).limit(most.saturating_sub(due));
    Ok(due + fresh.count(txn).await?)
}

fn of(id: CampaignId) -> sea_orm::Select<delivery::Entity> {
    delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::CampaignId.eq(id))
}

/// Campaign, channel, lane, weight, rate and place.
type Row = (CampaignId, Channel, Lane, i32, Option<i32>, Option<DeliveryId>);

/// Running campaigns that have something due, the oldest first.
async fn waiting(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Group, Vec<Waiting>>> {
    let rows: Vec<Row> = campaign::Entity::find()
        .select_only()
        .columns([
            campaign::Column::Id,
            campaign::Column::Channel,
            campaign::Column::Lane,
            campaign::Column::Weight,
            campaign::Column::RatePerSecond,
            campaign::Column::DispatchedTo,
        ])
        .filter(campaign::Column::State.is_in(RUNNING))
        .filter(Condition::any().add(waits_again(Some(now))).add(has_fresh()))
        .order_by_asc(campaign::Column::StartedAt)
        .into_tuple()
        .all(connection)
        .await?;
    let mut groups: BTreeMap<Group, Vec<Waiting>> = BTreeMap::new();
    for (id, channel, lane, weight, rate, dispatched_to) in rows {
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0);
        let weight = u32::try_from(weight).unwrap_or_default().max(1);
        let dispatched_to = dispatched_to.unwrap_or(BEFORE_ALL);
        groups.entry((channel, lane)).or_default().push(Waiting { id, weight, rate, dispatched_to });
    }
    Ok(groups)
}

/// Below every id.
const BEFORE_ALL: DeliveryId = DeliveryId(uuid::Uuid::nil());

/// Of a campaign: some delivery waits again, and is due by `by`.
pub fn waits_again(by: Option<DateTime<Utc>>) -> Expr {
    let waits = match by {
        Some(by) => delivery::Column::DueAt.lte(by),
        None => delivery::Column::DueAt.is_not_null(),
    };
    some(waits, delivery::Column::DueAt)
}

/// Of a campaign: some delivery has not had its first dispatch.
fn has_fresh() -> Expr {
    let dispatched_to = Expr::col((campaign::Entity, campaign::Column::DispatchedTo));
    let dispatched_to = Func::coalesce([dispatched_to, Expr::val(BEFORE_ALL.0)]);
    let id = Expr::col((delivery::Entity, delivery::Column::Id));
    some(sea_query::ExprTrait::gt(id, dispatched_to), delivery::Column::Id)
}

/// The first one in an order, so that PostgreSQL takes the index that has it.
fn some(such: Expr, first_by: delivery::Column) -> Expr {
    let of_campaign = sea_query::ExprTrait::equals(
        Expr::col((delivery::Entity, delivery::Column::CampaignId)),
        (campaign::Entity, campaign::Column::Id),
    );
    let first = Query::select()
        .expr(Expr::val(1))
        .from(delivery::Entity)
        .and_where(of_campaign)
        .and_where(such)
        .order_by((delivery::Entity, first_by), Order::Asc)
        .limit(1)
        .to_owned();
    sea_query::ExprTrait::is_not_null(Expr::SubQuery(None, Box::new(first.into())))
}

/// Of a campaign: nothing of it waits, lies in a queue or is with a worker.
pub fn is_worked_off() -> Condition {
    Condition::all().not().add(Condition::any().add(waits_again(None)).add(has_fresh()).add(batch::exists()))
}

/// A campaign's row: everything was dispatched, and only batches stand between it and its end.
pub fn is_in_batches() -> Condition {
    let waits = Condition::any().add(waits_again(None)).add(has_fresh());
    Condition::all().add(waits.not()).add(batch::exists())
}

/// On SQLite the write transaction itself says so.
async fn is_alone(txn: &DatabaseTransaction) -> Result<bool> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let row = txn.query_one_raw(Statement::from_string(DbBackend::Postgres, LOCK)).await?;
    Ok(row.is_some_and(|row| row.try_get("", "taken").unwrap_or(false)))
}

/// Marks up to `limit` due ones queued: first what has waited, then those that come for the first time. Each in the order of its
/// index, so that a round costs what it takes and not what is left.
async fn take(
    txn: &DatabaseTransaction,
    one: &Waiting,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let mut ids = take_due(txn, one.id, now, limit).await?;
    let left = limit - ids.len() as u64;
    if left > 0 {
        ids.extend(take_fresh(txn, one, now, left).await?);
    }
    ids.sort_unstable();
    Ok(ids)
}

/// $1 now, $2 the campaign, $3 the limit.
const DUE: &str = "SELECT id FROM delivery WHERE campaign_id = $2 AND due_at <= $1 \
     AND state IN ('pending', 'deferred') ORDER BY due_at, id LIMIT $3";

async fn take_due(
    txn: &DatabaseTransaction,
    id: CampaignId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let backend = txn.get_database_backend();
    let which = match backend {
        DbBackend::Postgres => format!("= ANY(ARRAY({DUE} FOR NO KEY UPDATE SKIP LOCKED))"),
        _ => format!("IN ({DUE})"),
    };
    let sql = format!(
        "UPDATE delivery SET state = 'queued', due_at = NULL, updated_at = $1 WHERE id {which} RETURNING id"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [now.into(), id.0.into(), limit.into()];
    ids(txn.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
}

/// $1 now, $2 the campaign, $3 and $4 after which id and up to which.
const FRESH: &str = "UPDATE delivery SET state = 'queued', updated_at = $1 \
     WHERE campaign_id = $2 AND id > $3 AND id <= $4 AND state = 'pending' AND due_at IS NULL RETURNING id";

/// Those behind the campaign's place, which is moved on; some may be there that are never sent.
async fn take_fresh(
    txn: &DatabaseTransaction,
    one: &Waiting,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<DeliveryId>> {
    let next = of(one.id).filter(delivery::Column::Id.gt(one.dispatched_to));
    let next: Vec<DeliveryId> =
        next.order_by_asc(delivery::Column::Id).limit(limit).into_tuple().all(txn).await?;
    let Some(last) = next.last() else { return Ok(Vec::new()) };
    campaign::Entity::update_many()
        .col_expr(campaign::Column::DispatchedTo, Expr::value(*last))
        .filter(campaign::Column::Id.eq(one.id))
        .exec(txn)
        .await?;
    let backend = txn.get_database_backend();
    let values = [now.into(), one.id.0.into(), one.dispatched_to.0.into(), last.0.into()];
    ids(txn.query_all_raw(Statement::from_sql_and_values(backend, FRESH, values)).await?)
}

fn ids(rows: Vec<QueryResult>) -> Result<Vec<DeliveryId>> {
    Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<std::result::Result<_, _>>()?)
}
