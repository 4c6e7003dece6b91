//! Messages to the workers, written in the transaction of the change that they tell of. The relay hands them to the
//! broker and deletes a row once its message is safe there, so a crash at any point loses none and may repeat one.

use chrono::{DateTime, Duration, Utc};
use entity::outbox;
use entity::states::Lane;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::db::is_any;
use crate::error::Result;
use crate::ids::{self, BatchId, CampaignId, DeliveryId, NoticeId, OutboxId};

pub use entity::outbox::Model as Row;

/// Everything a worker can be asked to do. Jobs carry ids; running one twice is harmless, each handler says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    ResolveAudience {
        campaign_id: CampaignId,
    },
    SendDeliveries {
        campaign_id: CampaignId,
        #[serde(default = "campaign_lane")]
        lane: Lane,
        #[serde(default)]
        batch_id: Option<BatchId>,
        delivery_ids: Vec<DeliveryId>,
    },
    SendNotices {
        notice_ids: Vec<NoticeId>,
    },
    ExpireCoupons,
    /// Purchases whose goods can no longer be returned.
    SettlePurchases,
    ExpirePoints,
    RemindOfPoints,
    CheckPoints,
    CheckTiers,
    /// How many members each segment picks today.
    CountSegments,
    /// What buyers are worth, as of yesterday and as of the days that were asked for.
    ComputeRfm,
    /// The goods that were bought together, as of the days that were asked for.
    FindAssociations,
}

/// Each of them is settled when all have been tried, so a message names no more.
const NOTICES_TOGETHER: usize = 100;

/// The queue of what a person waits for; it has a relay of its own.
const URGENT: &str = "delivery.urgent";

fn campaign_lane() -> Lane {
    Lane::Campaign
}

/// Which rows a relay carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    All,
    Urgent,
    /// All but the urgent ones.
    Rest,
}

impl Job {
    /// The queue by name; the worker's topology has the table.
    pub fn queue(&self) -> &'static str {
        match self {
            Self::ResolveAudience { .. } => "campaign.run",
            Self::SendNotices { .. } | Self::SendDeliveries { lane: Lane::Urgent, .. } => URGENT,
            Self::SendDeliveries { lane: Lane::Journey, .. } => "delivery.journey",
            Self::SendDeliveries { lane: Lane::Campaign, .. } => "delivery.send",
            Self::ExpireCoupons
            | Self::SettlePurchases
            | Self::ExpirePoints
            | Self::RemindOfPoints
            | Self::CheckPoints
            | Self::CheckTiers
            | Self::CountSegments
            | Self::ComputeRfm
            | Self::FindAssociations => "member.work",
        }
    }
}

/// Writes jobs into the caller's transaction.
pub async fn push(connection: &impl ConnectionTrait, now: DateTime<Utc>, jobs: &[Job]) -> Result<()> {
    let rows: Vec<_> = jobs
        .iter()
        .map(|job| {
            Ok(outbox::ActiveModel {
                id: Set(ids::next(now)),
                queue: Set(job.queue().to_owned()),
                body: Set(serde_json::to_value(job).map_err(crate::Error::internal)?),
                created_at: Set(now),
                claimed_until: Set(None),
            })
        })
        .collect::<Result<_>>()?;
    for chunk in rows.chunks(500) {
        outbox::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// Whether anything waits to be relayed: a read, so that an idle relay never takes the write lock.
pub async fn is_waiting(ctx: &Context, part: Part) -> Result<bool> {
    let row: Option<OutboxId> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Id)
        .filter(waiting(part, ctx.now()))
        .limit(1)
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row.is_some())
}

fn waiting(part: Part, now: DateTime<Utc>) -> Expr {
    let free = outbox::Column::ClaimedUntil.is_null().or(outbox::Column::ClaimedUntil.lt(now));
    match part {
        Part::All => free,
        Part::Urgent => free.and(outbox::Column::Queue.eq(URGENT)),
        Part::Rest => free.and(outbox::Column::Queue.ne(URGENT)),
    }
}

/// Claims up to `limit` waiting rows for this relay, in their order; a relay that dies lets go of them after `lease`.
pub async fn claim(ctx: &Context, part: Part, limit: u64, lease: Duration) -> Result<Vec<outbox::Model>> {
    let now = ctx.now();
    let (backend, id) = (ctx.db.backend(), Expr::col(outbox::Column::Id));
    let waiting = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Id)
        .filter(waiting(part, now))
        .order_by_asc(outbox::Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let these = match backend {
        // An array is made once; what stands behind IN may be asked anew for every row.
        DbBackend::Postgres => {
            Expr::cust_with_exprs("$1 = ANY(ARRAY($2))", [id, Expr::SubQuery(None, Box::new(waiting.into()))])
        }
        _ => id.in_subquery(waiting),
    };
    let claim = Query::update()
        .table(outbox::Entity)
        .value(outbox::Column::ClaimedUntil, now + lease)
        .and_where(these)
        .returning_all()
        .to_owned();
    let mut rows = outbox::Entity::find().from_raw_sql(backend.build(&claim)).all(ctx.db.writer()).await?;
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

/// The messages are safe: their rows go.
pub async fn delete(ctx: &Context, ids: &[OutboxId]) -> Result<()> {
    outbox::Entity::delete_many()
        .filter(is_any(ctx.db.backend(), outbox::Column::Id, ids.iter().copied()))
        .exec(ctx.db.writer())
        .await?;
    Ok(())
}

/// Rows that go as one message.
#[derive(Debug)]
pub struct Parcel {
    pub ids: Vec<OutboxId>,
    pub queue: String,
    pub body: serde_json::Value,
}

/// Every row by itself, but notices that wait together: a message of them costs the queue and the database about the same however many it
/// names.
pub fn pack(rows: Vec<Row>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::with_capacity(rows.len());
    let mut with_room = None;
    for mut row in rows {
        let count = notices_of(&mut row.body).map_or(0, |notices| notices.len());
        let open =
            with_room.and_then(|at: usize| notices_of(&mut parcels[at].body).map(|notices| (at, notices)));
        match (open, notices_of(&mut row.body)) {
            (Some((at, notices)), Some(more)) if notices.len() + count <= NOTICES_TOGETHER => {
                notices.append(more);
                parcels[at].ids.push(row.id);
            }
            (_, notices) => {
                if notices.is_some() {
                    with_room = Some(parcels.len());
                }
                parcels.push(Parcel { ids: vec![row.id], queue: row.queue, body: row.body });
            }
        }
    }
    parcels
}

fn notices_of(body: &mut serde_json::Value) -> Option<&mut Vec<serde_json::Value>> {
    if body.get("job")? != "send_notices" {
        return None;
    }
    body.get_mut("notice_ids")?.as_array_mut()
}

/// Lets go of rows that could not be published, so that the next round takes them.
pub async fn release(ctx: &Context, ids: &[OutboxId]) -> Result<()> {
    let txn = ctx.db.begin().await?;
    outbox::Entity::update_many()
        .col_expr(outbox::Column::ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(outbox::Column::Id.is_in(ids.iter().copied()))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}

/// At the start of the embedded process nobody else holds a claim: whatever was claimed before the stop is free.
pub async fn release_all(ctx: &Context) -> Result<()> {
    let txn = ctx.db.begin().await?;
    outbox::Entity::update_many()
        .col_expr(outbox::Column::ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}
