//! Staff hand over what the scanned member has exchanged points for, and take the money that goes with it.

use entity::exchange;
use entity::states::ExchangeState;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::list::ExchangeRow;
use crate::audit::{self, Act};
use crate::card::{self, till};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{ExchangeId, ScanId, StoreId};
use crate::points;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

#[derive(Debug, Clone)]
pub struct HandOver {
    pub exchange_id: ExchangeId,
    pub store_id: StoreId,
    pub scan_id: ScanId,
    /// What the customer paid; must be the price of the exchange.
    pub paid_fen: i64,
}

/// The same again at the same store is answered with what was done.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`, `card_code_needed`, `scan_expired`, `member_disabled`, `exchange_done`, `exchange_cancelled`
pub async fn hand_over(ctx: &Context, staff: &StaffCaller, command: HandOver) -> Result<ExchangeRow> {
    till::require_open(ctx, staff, command.store_id).await?;
    let (_, member) = card::live_card_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let txn = ctx.db.begin().await?;
    let member_id = points::lock(&txn, member.id).await?;
    let found = || exchange::Entity::find_by_id(command.exchange_id);
    // Whoever was scanned must own it.
    let row = found().one(&txn).await?.filter(|row| row.member_id == member_id);
    let row = row.ok_or(Error::NotFound("exchange"))?;
    if row.price_fen != command.paid_fen {
        return Err(Error::invalid("paid_fen", format!("must be the price, {}", row.price_fen)));
    }
    use exchange::Column;
    let moved = exchange::Entity::update_many()
        .col_expr(Column::State, Expr::value(ExchangeState::Done.to_value()))
        .col_expr(Column::StoreId, Expr::value(command.store_id.0))
        .col_expr(Column::StaffId, Expr::value(staff.id.0))
        .col_expr(Column::HandedOverAt, Expr::value(ctx.now()))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(ExchangeState::Waiting))
        .exec(&txn)
        .await?;
    let row = found().one(&txn).await?.ok_or(Error::NotFound("exchange"))?;
    if moved.rows_affected == 1 {
        let detail = serde_json::json!({ "store_id": row.store_id, "paid_fen": row.price_fen });
        let subject = ("exchange", row.id.to_string());
        audit::record(ctx, &txn, Act { actor: staff.actor(), action: "exchange.hand_over", subject, detail })
            .await?;
    }
    txn.commit().await?;
    match row.state {
        ExchangeState::Cancelled => Err(Refusal::ExchangeCancelled.into()),
        _ if moved.rows_affected == 0 && row.staff_id != Some(staff.id) => Err(Refusal::ExchangeDone.into()),
        ExchangeState::Done | ExchangeState::Waiting => Ok(row),
    }
}

/// What waits for the scanned member, the oldest first.
pub async fn list_waiting(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, scan_id): (StoreId, ScanId),
) -> Result<Vec<ExchangeRow>> {
    till::require(staff, store_id)?;
    let (_, member) = card::live_card_scan(ctx, ctx.db.read(), scan_id, store_id).await?;
    Ok(exchange::Entity::find()
        .filter(exchange::Column::MemberId.eq(member.id))
        .filter(exchange::Column::State.eq(ExchangeState::Waiting))
        .order_by_asc(exchange::Column::Id)
        .all(ctx.db.read())
        .await?)
}
