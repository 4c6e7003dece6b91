//! What heals by itself: claims whose worker died, and queued deliveries whose message got lost.

use chrono::{DateTime, Duration, Utc};
use entity::delivery;
use entity::states::{Channel, DeliveryState};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::reason::Reason;
use super::standing::template_of;
use crate::consent;
use crate::context::Context;
use crate::error::Result;
use crate::ids::DeliveryId;

/// Rows per transaction.
const PAGE: u64 = 500;

/// Claims past their lease become `unknown` and are not sent again; what the queue lost goes back to `pending`. Harmless to
/// repeat: each move starts from one state.
pub async fn recover(ctx: &Context) -> Result<u64> {
    let lost =
        requeue_lost(ctx, ctx.now() - Duration::seconds(ctx.settings.delivery.queue_lease_seconds)).await?;
    let lease = ctx.now() - Duration::seconds(ctx.settings.delivery.claim_lease_seconds);
    let mut unknown = 0;
    loop {
        let page = end_claims(ctx, lease).await?;
        unknown += page;
        if page < PAGE {
            break;
        }
    }
    if unknown > 0 {
        metrics::counter!("deliveries_unknown_total").increment(unknown);
        tracing::warn!(count = unknown, "claims without an answer became unknown");
    }
    Ok(lost + unknown)
}

async fn requeue_lost(ctx: &Context, queued_before: DateTime<Utc>) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let moved = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .filter(delivery::Column::QueuedAt.lt(queued_before))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}

async fn end_claims(ctx: &Context, claimed_before: DateTime<Utc>) -> Result<u64> {
    let stale: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::State.eq(DeliveryState::Sending))
        .filter(delivery::Column::ClaimedAt.lt(claimed_before))
        .order_by_asc(delivery::Column::ClaimedAt)
        .limit(PAGE)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    if stale.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let rows = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
        .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code()))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::Id.is_in(stale))
        .filter(delivery::Column::State.eq(DeliveryState::Sending))
        .exec_with_returning(&txn)
        .await?;
    spend_consents(ctx, &txn, &rows).await?;
    txn.commit().await?;
    Ok(rows.len() as u64)
}

/// The message may have arrived, so the consent that it held counts as used.
async fn spend_consents(ctx: &Context, txn: &impl ConnectionTrait, rows: &[delivery::Model]) -> Result<()> {
    let mut by_campaign = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| row.channel == Channel::WechatSubscribe) {
        by_campaign.entry(row.campaign_id).or_insert_with(Vec::new).push(row.member_id);
    }
    for (campaign_id, members) in by_campaign {
        if let Some(template) = template_of(txn, campaign_id).await? {
            consent::spend(ctx, txn, &template, &members).await?;
        }
    }
    Ok(())
}
