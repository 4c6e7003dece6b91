//! What heals by itself: notices whose message got lost, and claims whose worker died.

use chrono::{DateTime, Duration, Utc};
use entity::notice;
use entity::states::{Channel, DeliveryState};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::super::claim::lock_members;
use super::rules::after_unheard;
use super::settle::write;
use crate::consent;
use crate::context::Context;
use crate::error::Result;
use crate::notice::{Kind, NoticeRow, Step};

/// Rows per round; recovery runs again soon.
const PAGE: u64 = 500;

/// Harmless to repeat: each move starts from one state.
pub async fn recover_notices(ctx: &Context) -> Result<u64> {
    let settings = &ctx.settings.delivery;
    let queued_before = ctx.now() - Duration::seconds(settings.queue_lease_seconds);
    let claimed_before = ctx.now() - Duration::seconds(settings.claim_lease_seconds);
    Ok(requeue_lost(ctx, queued_before).await? + end_claims(ctx, claimed_before).await?)
}

async fn requeue_lost(ctx: &Context, queued_before: DateTime<Utc>) -> Result<u64> {
    let lost = Condition::all()
        .add(notice::Column::State.eq(DeliveryState::Queued))
        .add(notice::Column::UpdatedAt.lt(queued_before));
    if notice::Entity::find().filter(lost.clone()).one(ctx.db.read()).await?.is_none() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let moved = notice::Entity::update_many()
        .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(notice::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(lost)
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}

/// Its message may have arrived: `unknown`, or told again where its kind allows that.
async fn end_claims(ctx: &Context, claimed_before: DateTime<Utc>) -> Result<u64> {
    let stale = Condition::all()
        .add(notice::Column::State.eq(DeliveryState::Sending))
        .add(notice::Column::ClaimedAt.lt(claimed_before));
    if notice::Entity::find().filter(stale.clone()).one(ctx.db.read()).await?.is_none() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let rows = notice::Entity::find()
        .filter(stale)
        .order_by_asc(notice::Column::Id)
        .limit(PAGE)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&txn)
        .await?;
    let members: Vec<_> = rows.iter().map(|row| row.member_id).collect();
    lock_members(&txn, &members).await?;
    for row in &rows {
        let fate = after_unheard(Kind::parse(&row.kind), row.attempts, ctx.now());
        write(&txn, row, &fate, ctx.now()).await?;
        spend_consent(ctx, &txn, row).await?;
    }
    txn.commit().await?;
    tracing::warn!(count = rows.len(), "claims of notices ended without an answer");
    Ok(rows.len() as u64)
}

async fn spend_consent(ctx: &Context, txn: &DatabaseTransaction, row: &NoticeRow) -> Result<()> {
    if row.channel != Channel::WechatSubscribe {
        return Ok(());
    }
    let place = usize::try_from(row.step).unwrap_or_default();
    let step = Step::all_of(row)?.into_iter().nth(place);
    let Some(template) = step.and_then(|step| step.template_id) else { return Ok(()) };
    consent::spend(ctx, txn, &template, &[row.member_id]).await
}
