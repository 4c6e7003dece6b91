//! What heals by itself: claims whose worker died, and queued deliveries whose message got lost.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::delivery;
use entity::states::{Channel, DeliveryState};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::claim::lock_members;
use super::reason::Reason;
use super::receipt;
use super::standing::template_of;
use crate::budget::{self, Account};
use crate::consent;
use crate::context::Context;
use crate::error::Result;
use crate::ids::DeliveryId;

/// Rows per transaction.
const PAGE: u64 = 500;

/// Claims past their lease become `unknown` and are not sent again; what the queue lost goes back to `pending`; receipts that
/// a crash left waiting are applied. Harmless to repeat: each move starts from one state.
pub async fn recover(ctx: &Context) -> Result<u64> {
    let settings = &ctx.settings.delivery;
    let queued_before = ctx.now() - Duration::seconds(settings.queue_lease_seconds);
    let claimed_before = ctx.now() - Duration::seconds(settings.claim_lease_seconds);
    let mut moved = 0;
    loop {
        let page = requeue_lost(ctx, queued_before).await?;
        moved += page;
        if page < PAGE {
            break;
        }
    }
    loop {
        let page = end_claims(ctx, claimed_before).await?;
        moved += page;
        if page < PAGE {
            break;
        }
    }
    Ok(moved + receipt::apply_left_behind(ctx).await?)
}

/// Rows that somebody holds are not lost.
async fn requeue_lost(ctx: &Context, queued_before: DateTime<Utc>) -> Result<u64> {
    let lost = Condition::all()
        .add(delivery::Column::State.eq(DeliveryState::Queued))
        .add(delivery::Column::QueuedAt.lt(queued_before));
    if delivery::Entity::find().filter(lost.clone()).one(ctx.db.read()).await?.is_none() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let ids: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(lost)
        .order_by_asc(delivery::Column::Id)
        .limit(PAGE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&txn)
        .await?;
    let moved = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::Id.is_in(ids))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}

async fn end_claims(ctx: &Context, claimed_before: DateTime<Utc>) -> Result<u64> {
    let stale = Condition::all()
        .add(delivery::Column::State.eq(DeliveryState::Sending))
        .add(delivery::Column::ClaimedAt.lt(claimed_before));
    if delivery::Entity::find().filter(stale.clone()).one(ctx.db.read()).await?.is_none() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let rows = delivery::Entity::find()
        .filter(stale)
        .order_by_asc(delivery::Column::Id)
        .limit(PAGE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&txn)
        .await?;
    let (inbox, called): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.channel == Channel::Inbox);
    end_as_unknown(&txn, &called, ctx.now()).await?;
    // Locks the members, which come before the budgets.
    spend_consents(ctx, &txn, &called).await?;
    retry_inbox(ctx, &txn, &inbox).await?;
    txn.commit().await?;
    if !called.is_empty() {
        metrics::counter!("deliveries_unknown_total").increment(called.len() as u64);
        tracing::warn!(count = called.len(), "claims without an answer became unknown");
    }
    Ok(rows.len() as u64)
}

/// An inbox message is written when its batch is settled: one that was not surely had no effect.
async fn retry_inbox(ctx: &Context, txn: &impl ConnectionTrait, rows: &[&delivery::Model]) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::SlotAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    let mut money_back: BTreeMap<Account, i64> = BTreeMap::new();
    for row in rows {
        if let Some(claimed_at) = row.claimed_at.filter(|_| row.cost_fen > 0) {
            *money_back.entry(Account::of(ctx, row.campaign_id, claimed_at)).or_default() += row.cost_fen;
        }
    }
    budget::give_back_all(ctx, txn, &money_back).await
}

async fn end_as_unknown(
    txn: &impl ConnectionTrait,
    rows: &[&delivery::Model],
    now: DateTime<Utc>,
) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
        .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code()))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    Ok(())
}

/// The message may have arrived, so the consent that it held counts as used.
async fn spend_consents(ctx: &Context, txn: &impl ConnectionTrait, rows: &[&delivery::Model]) -> Result<()> {
    let rows: Vec<_> = rows.iter().filter(|row| row.channel == Channel::WechatSubscribe).collect();
    let members: Vec<_> = rows.iter().map(|row| row.member_id).collect();
    lock_members(txn, &members).await?;
    let mut by_campaign = BTreeMap::new();
    for row in rows {
        by_campaign.entry(row.campaign_id).or_insert_with(Vec::new).push(row.member_id);
    }
    for (campaign_id, members) in by_campaign {
        if let Some(template) = template_of(txn, campaign_id).await? {
            consent::spend(ctx, txn, &template, &members).await?;
        }
    }
    Ok(())
}
