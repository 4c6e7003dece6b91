//! What one message of the queue carries, and what the database knows of it until all of it is settled: how much no worker has
//! claimed yet, and which deliveries to look after when the message or its worker is lost.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::states::DeliveryState;
use entity::{delivery, delivery_batch};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{BatchId, CampaignId, DeliveryId};

/// Deliveries of one campaign that are sent together.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// None: nothing is kept of it.
    pub id: Option<BatchId>,
    pub campaign_id: CampaignId,
    pub deliveries: &'a [DeliveryId],
}

/// Rows per statement, each with some kilobytes of ids.
const ROWS: usize = 100;
/// Batches of one campaign that are looked at together.
const ELDEST: u64 = 8;

pub(super) async fn keep(
    txn: &impl ConnectionTrait,
    batches: &[Batch<'_>],
    now: DateTime<Utc>,
) -> Result<()> {
    let rows = batches.iter().filter_map(|batch| Some((batch.id?, batch))).map(|(id, batch)| {
        Ok(delivery_batch::ActiveModel {
            id: Set(id),
            campaign_id: Set(batch.campaign_id),
            open: Set(i32::try_from(batch.deliveries.len()).unwrap_or(i32::MAX)),
            delivery_ids: Set(serde_json::to_value(batch.deliveries).map_err(Error::internal)?),
            queued_at: Set(now),
        })
    });
    let rows: Vec<_> = rows.collect::<Result<_>>()?;
    for rows in rows.chunks(ROWS) {
        delivery_batch::Entity::insert_many(rows.to_vec()).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// How much of each campaign lies in the queue.
pub(super) async fn open(
    txn: &impl ConnectionTrait,
    campaigns: impl IntoIterator<Item = CampaignId>,
) -> Result<HashMap<CampaignId, u64>> {
    let rows: Vec<(CampaignId, i64)> = delivery_batch::Entity::find()
        .select_only()
        .column(delivery_batch::Column::CampaignId)
        .column_as(delivery_batch::Column::Open.sum().cast_as("bigint"), "open")
        .filter(delivery_batch::Column::CampaignId.is_in(campaigns))
        .group_by(delivery_batch::Column::CampaignId)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows.into_iter().map(|(id, open)| (id, u64::try_from(open).unwrap_or_default())).collect())
}

/// So many were claimed.
pub(super) async fn claimed(txn: &impl ConnectionTrait, id: Option<BatchId>, count: usize) -> Result<()> {
    let Some(id) = id.filter(|_| count > 0) else { return Ok(()) };
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    delivery_batch::Entity::update_many()
        .col_expr(delivery_batch::Column::Open, Expr::col(delivery_batch::Column::Open).sub(count))
        .filter(delivery_batch::Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// Forgets the batch, unless there is something left to look after; whether it did.
pub(super) async fn end(txn: &impl ConnectionTrait, batch: Batch<'_>) -> Result<bool> {
    let Some(id) = batch.id else { return Ok(false) };
    let left = Query::select()
        .expr(Expr::val(1))
        .from(delivery::Entity)
        .cond_where(is_any(
            txn.get_database_backend(),
            delivery::Column::Id,
            batch.deliveries.iter().copied(),
        ))
        .and_where(delivery::Column::State.is_in(UNDER_WAY))
        .to_owned();
    let ended = delivery_batch::Entity::delete_many()
        .filter(delivery_batch::Column::Id.eq(id))
        .filter(Condition::all().not().add(Expr::exists(left)))
        .exec(txn)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Of a campaign that is nearly through: forgets its eldest batches in which nothing is left to look after. A message that came twice may
/// have found its deliveries in another's hands, and left its batch behind.
pub async fn end_idle(ctx: &Context, campaign_id: CampaignId) -> Result<()> {
    let eldest = delivery_batch::Entity::find()
        .filter(delivery_batch::Column::CampaignId.eq(campaign_id))
        .order_by_asc(delivery_batch::Column::Id)
        .limit(ELDEST)
        .all(ctx.db.read())
        .await?;
    let txn = ctx.db.begin().await?;
    for row in eldest {
        let deliveries: Vec<DeliveryId> =
            serde_json::from_value(row.delivery_ids).map_err(Error::internal)?;
        end(&txn, Batch { id: Some(row.id), campaign_id, deliveries: &deliveries }).await?;
    }
    txn.commit().await?;
    Ok(())
}

/// The states of what a queue or a worker holds.
pub(super) const UNDER_WAY: [DeliveryState; 2] = [DeliveryState::Queued, DeliveryState::Sending];

/// The next batches that have been here since before `before`, in the order of their ids.
pub(super) async fn older(
    connection: &impl ConnectionTrait,
    before: DateTime<Utc>,
    after: Option<BatchId>,
    limit: u64,
) -> Result<Vec<delivery_batch::Model>> {
    let mut older = delivery_batch::Entity::find()
        .filter(delivery_batch::Column::QueuedAt.lt(before))
        .order_by_asc(delivery_batch::Column::Id)
        .limit(limit);
    if let Some(after) = after {
        older = older.filter(delivery_batch::Column::Id.gt(after));
    }
    Ok(older.all(connection).await?)
}

/// Whether a campaign has any, to be asked in a query over campaigns.
pub(super) fn exists() -> Expr {
    use entity::campaign;
    let of_campaign = Expr::col((delivery_batch::Entity, delivery_batch::Column::CampaignId))
        .equals((campaign::Entity, campaign::Column::Id));
    Expr::exists(
        Query::select().expr(Expr::val(1)).from(delivery_batch::Entity).and_where(of_campaign).to_owned(),
    )
}
