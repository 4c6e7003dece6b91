//! Takes copies out of use for good. Stock comes back only for those that never reached their member: putting back what was
//! handed out would let more than the promised number go round.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::coupon;
use entity::states::CouponState;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ActiveEnum, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::HeldCoupon;
use super::event::{self, Move};
use super::issue::give_back;
use super::transfer::passed_on;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTemplateId};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// Rows per statement.
const ROWS: usize = 500;
/// The states that a copy is voided in: free, or locked for an order, too.
const FREE: &[CouponState] = &[CouponState::Issued];
const WHEREVER: &[CouponState] = &[CouponState::Issued, CouponState::Locked];

/// Voids those of `ids` that are issued and answers how many. With `return_stock` (the copy never reached its member)
/// the template's stock and the member's slot are free again. Running it twice is harmless: a voided one is left alone.
pub async fn void(
    ctx: &Context,
    txn: &DatabaseTransaction,
    ids: &[CouponId],
    reason: &str,
    return_stock: bool,
) -> Result<u64> {
    let mut voided = 0;
    for chunk in ids.chunks(ROWS) {
        voided += void_chunk(ctx, txn, chunk, FREE, (reason, return_stock, Actor::System)).await?;
    }
    Ok(voided)
}

/// Takes back a copy that came with something which is undone: out of a lock if need be, and from a friend whom it was passed on to.
/// Answers which copy that is today, and whether it is void now; one that was used or is past stays as it is.
pub(crate) async fn take_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    id: CouponId,
    reason: &str,
) -> Result<(CouponId, bool)> {
    let mut copy = id;
    hold(txn, copy).await?;
    // Under the row's lock, so that nobody passes it on in this moment.
    while let Some(next) = passed_on(txn, copy).await? {
        copy = next;
        hold(txn, copy).await?;
    }
    let voided = void_chunk(ctx, txn, &[copy], WHEREVER, (reason, false, Actor::System)).await?;
    Ok((copy, voided == 1))
}

async fn hold(txn: &DatabaseTransaction, id: CouponId) -> Result<()> {
    coupon::Entity::find_by_id(id).lock_exclusive().one(txn).await?;
    Ok(())
}

/// A staff member voids one copy; the same again answers the same.
///
/// # Refuses
/// `coupon_already_redeemed`, `coupon_expired`, `coupon_locked`
pub async fn void_coupon(
    ctx: &Context,
    staff: &StaffCaller,
    id: CouponId,
    reason: &str,
) -> Result<HeldCoupon> {
    staff.require(Permission::WriteCoupons)?;
    let reason = super::rules::reason(reason)?;
    let txn = ctx.db.begin().await?;
    let voided = void_chunk(ctx, &txn, &[id], FREE, (&reason, false, staff.actor())).await?;
    let row = coupon::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("coupon"))?;
    if voided == 1 {
        let act = Act {
            actor: staff.actor(),
            action: "coupon.void",
            subject: ("coupon", id.to_string()),
            detail: serde_json::json!({ "reason": reason }),
        };
        audit::record(ctx, &txn, act).await?;
    }
    txn.commit().await?;
    match row.state {
        CouponState::Voided => super::redeem::find(ctx, id).await,
        CouponState::Used => Err(Refusal::CouponAlreadyRedeemed.into()),
        CouponState::Expired => Err(Refusal::CouponExpired.into()),
        CouponState::Locked | CouponState::Issued => Err(Refusal::CouponLocked.into()),
    }
}

/// Each row is written once: with a second version in the same transaction PostgreSQL checks its template anew, and waits there out of
/// the order of locks.
async fn void_chunk(
    ctx: &Context,
    txn: &DatabaseTransaction,
    ids: &[CouponId],
    from: &[CouponState],
    (reason, return_stock, actor): (&str, bool, Actor),
) -> Result<u64> {
    let rows = coupon::Entity::find()
        .filter(coupon::Column::Id.is_in(ids.iter().copied()))
        .filter(coupon::Column::State.is_in(from.iter().copied()))
        .order_by_asc(coupon::Column::Id)
        .lock_exclusive()
        .all(txn)
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut update = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Voided.to_value()))
        .col_expr(coupon::Column::LockedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(coupon::Column::LockedOrderNo, Expr::value(Option::<String>::None))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(ctx.now()));
    if return_stock {
        update = update.col_expr(coupon::Column::Slot, freed_slots(&rows));
    }
    let done = update
        .filter(coupon::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .filter(coupon::Column::State.is_in(from.iter().copied()))
        .exec(txn)
        .await?;
    if return_stock {
        return_to_templates(txn, &rows).await?;
    }
    let step = |coupon_id, (from, to)| Move {
        coupon_id,
        from: Some(from),
        to,
        reason: Some(reason.to_owned()),
        actor,
    };
    let moves = rows.iter().flat_map(|row| {
        let freed =
            (row.state != CouponState::Issued).then(|| step(row.id, (row.state, CouponState::Issued)));
        freed.into_iter().chain([step(row.id, (CouponState::Issued, CouponState::Voided))])
    });
    event::record(ctx, txn, moves.collect()).await?;
    Ok(done.rows_affected)
}

/// A slot below zero, of its own for each copy, so that the member's real slot is free for another.
fn freed_slots(rows: &[coupon::Model]) -> Expr {
    let case = rows.iter().fold(CaseStatement::new(), |case, row| {
        let random_end = i32::try_from(row.id.0.as_u128() & 0x3FFF_FFFF).unwrap_or(0);
        case.case(Expr::col(coupon::Column::Id).eq(row.id.0), Expr::value(-1 - random_end))
    });
    case.finally(Expr::col(coupon::Column::Slot)).into()
}

async fn return_to_templates(txn: &DatabaseTransaction, rows: &[coupon::Model]) -> Result<()> {
    let mut copies: BTreeMap<CouponTemplateId, usize> = BTreeMap::new();
    for row in rows {
        *copies.entry(row.template_id).or_default() += 1;
    }
    for (template_id, count) in copies {
        give_back(txn, template_id, count, None).await?;
    }
    Ok(())
}
