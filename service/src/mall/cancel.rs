//! An exchange that waits is taken back: its points go to the lots that they came from, its item to the stock.

use entity::states::ExchangeState;
use entity::{exchange, mall_item};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use super::list::ExchangeRow;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{ExchangeId, MemberId};
use crate::points::{self, Origin};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

/// By the member. Doing it twice changes nothing.
///
/// # Refuses
/// `exchange_done`
pub async fn cancel_my_exchange(ctx: &Context, member_id: MemberId, id: ExchangeId) -> Result<ExchangeRow> {
    let row = find(ctx, id).await?;
    if row.member_id != member_id {
        return Err(Error::NotFound("exchange"));
    }
    cancel(ctx, &row, (Actor::Member(member_id), None)).await
}

/// By staff, with a reason.
///
/// # Refuses
/// `exchange_done`
pub async fn cancel_exchange(
    ctx: &Context,
    staff: &StaffCaller,
    id: ExchangeId,
    reason: &str,
) -> Result<ExchangeRow> {
    staff.require(Permission::WriteCoupons)?;
    let reason = text::line("reason", reason, 200)?;
    let row = find(ctx, id).await?;
    cancel(ctx, &row, (staff.actor(), Some(&reason))).await
}

async fn find(ctx: &Context, id: ExchangeId) -> Result<ExchangeRow> {
    exchange::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("exchange"))
}

async fn cancel(
    ctx: &Context,
    row: &ExchangeRow,
    (actor, reason): (Actor, Option<&str>),
) -> Result<ExchangeRow> {
    let txn = ctx.db.begin().await?;
    let row = &ExchangeRow { member_id: points::lock(&txn, row.member_id).await?, ..row.clone() };
    cancel_if_waiting(ctx, &txn, row, (actor, reason)).await?;
    let row = exchange::Entity::find_by_id(row.id).one(&txn).await?.ok_or(Error::NotFound("exchange"))?;
    txn.commit().await?;
    match row.state {
        ExchangeState::Cancelled => Ok(row),
        ExchangeState::Waiting | ExchangeState::Done => Err(Refusal::ExchangeDone.into()),
    }
}

/// All that waits for a member who leaves, with the member locked: nobody comes for it any more.
pub async fn cancel_all_waiting(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member_id: MemberId,
    actor: Actor,
) -> Result<()> {
    let waiting = exchange::Entity::find()
        .filter(exchange::Column::MemberId.eq(member_id))
        .filter(exchange::Column::State.eq(ExchangeState::Waiting))
        .order_by_asc(exchange::Column::ItemId)
        .all(txn)
        .await?;
    for row in &waiting {
        cancel_if_waiting(ctx, txn, row, (actor, None)).await?;
    }
    Ok(())
}

async fn cancel_if_waiting(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: &ExchangeRow,
    (actor, reason): (Actor, Option<&str>),
) -> Result<()> {
    let moved = exchange::Entity::update_many()
        .col_expr(exchange::Column::State, Expr::value(ExchangeState::Cancelled.to_value()))
        .col_expr(exchange::Column::CancelledAt, Expr::value(ctx.now()))
        .filter(exchange::Column::Id.eq(row.id))
        .filter(exchange::Column::State.eq(ExchangeState::Waiting))
        .exec(txn)
        .await?;
    if moved.rows_affected == 1 {
        points::reverse(ctx, txn, (row.member_id, &row.id.to_string()), Origin { actor, reason }).await?;
        give_back_stock(txn, row).await?;
        let detail =
            serde_json::json!({ "member_id": row.member_id, "points": row.points, "reason": reason });
        let subject = ("exchange", row.id.to_string());
        audit::record(ctx, txn, Act { actor, action: "exchange.cancel", subject, detail }).await?;
    }
    Ok(())
}

async fn give_back_stock(txn: &DatabaseTransaction, row: &ExchangeRow) -> Result<()> {
    mall_item::Entity::update_many()
        .col_expr(mall_item::Column::Taken, Expr::col(mall_item::Column::Taken).sub(1))
        .filter(mall_item::Column::Id.eq(row.item_id))
        .exec(txn)
        .await?;
    Ok(())
}
