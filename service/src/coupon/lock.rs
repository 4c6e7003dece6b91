//! A member keeps a coupon for an order of the online shop while it is paid: locked for a time, used by that order, or free
//! again. The end of a lock and the end of the coupon are two things.

use chrono::{DateTime, Duration, Utc};
use entity::coupon;
use entity::states::CouponState;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::event::{self, Move};
use super::redeem::find;
use super::{HeldCoupon, rules};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;

const LONGEST_NUMBER: usize = 64;
/// Locks that end by time, per transaction.
const PAGE: u64 = 500;

/// Locks a coupon of the member's own for an order; the same again for the same order begins the time anew.
///
/// # Refuses
/// `coupon_locked`, `coupon_voided`, `coupon_already_redeemed`, `coupon_expired`, `coupon_not_yet_valid`
pub async fn lock_coupon(
    ctx: &Context,
    member_id: MemberId,
    id: CouponId,
    order_no: &str,
) -> Result<HeldCoupon> {
    if !(1..=LONGEST_NUMBER).contains(&order_no.trim().chars().count()) {
        return Err(Error::invalid("order_no", format!("must have 1 to {LONGEST_NUMBER} characters")));
    }
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    let (member_id, row) = lock_row(&txn, member_id, id).await?;
    check_lockable(&row, order_no, now)?;
    let until = now + Duration::seconds(ctx.settings.till.lock_seconds);
    coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Locked.to_value()))
        .col_expr(coupon::Column::LockedUntil, Expr::value(until))
        .col_expr(coupon::Column::LockedOrderNo, Expr::value(order_no))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(now))
        .filter(coupon::Column::Id.eq(id))
        .exec(&txn)
        .await?;
    if !rules::is_locked(&row, now) {
        let moves = (Some(row.state), CouponState::Locked);
        note(ctx, &txn, (id, moves), (Some(format!("order {order_no}")), Actor::Member(member_id))).await?;
    }
    txn.commit().await?;
    find(ctx, id).await
}

/// Frees a coupon that the member locked; one that is not locked stays as it is.
pub async fn unlock_coupon(ctx: &Context, member_id: MemberId, id: CouponId) -> Result<HeldCoupon> {
    let txn = ctx.db.begin().await?;
    let (member_id, row) = lock_row(&txn, member_id, id).await?;
    if row.state == CouponState::Locked {
        free(ctx, &txn, &row, ("unlocked", Actor::Member(member_id))).await?;
    }
    txn.commit().await?;
    find(ctx, id).await
}

/// Frees what is locked longer than it may be, and answers how many. Only tidies up: a lock that has ended binds nobody.
/// Harmless twice and side by side, since a page takes only rows that nobody else holds and that are still locked.
pub async fn release_locks(ctx: &Context) -> Result<u64> {
    let mut released = 0;
    loop {
        let page = release_page(ctx).await?;
        released += page;
        if page < PAGE {
            return Ok(released);
        }
    }
}

async fn release_page(ctx: &Context) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let rows = coupon::Entity::find()
        .filter(coupon::Column::State.eq(CouponState::Locked))
        .filter(coupon::Column::LockedUntil.lte(ctx.now()))
        .order_by_asc(coupon::Column::LockedUntil)
        .limit(PAGE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&txn)
        .await?;
    for row in &rows {
        free(ctx, &txn, row, ("lock ended", Actor::System)).await?;
    }
    txn.commit().await?;
    Ok(rows.len() as u64)
}

/// The coupon of who answers for the member today, and who that is.
async fn lock_row(
    txn: &DatabaseTransaction,
    member_id: MemberId,
    id: CouponId,
) -> Result<(MemberId, coupon::Model)> {
    let member_id = redirect::hold_current(txn, member_id).await?;
    let own = Condition::all().add(coupon::Column::MemberId.eq(member_id)).add(coupon::Column::Slot.gt(0));
    let row = coupon::Entity::find_by_id(id).filter(own).lock_exclusive().one(txn).await?;
    Ok((member_id, row.ok_or(Error::NotFound("coupon"))?))
}

fn check_lockable(row: &coupon::Model, order_no: &str, now: DateTime<Utc>) -> Result<()> {
    let refuse = |refusal: Refusal| Err(refusal.into());
    match row.state {
        CouponState::Voided => return refuse(Refusal::CouponVoided),
        CouponState::Used => return refuse(Refusal::CouponAlreadyRedeemed),
        CouponState::Expired => return refuse(Refusal::CouponExpired),
        CouponState::Locked
            if rules::is_locked(row, now) && row.locked_order_no.as_deref() != Some(order_no) =>
        {
            return refuse(Refusal::CouponLocked);
        }
        CouponState::Locked | CouponState::Issued => {}
    }
    if rules::is_past(row.valid_until, now) {
        return refuse(Refusal::CouponExpired);
    }
    if now < row.valid_from { refuse(Refusal::CouponNotYetValid) } else { Ok(()) }
}

/// Issued again, or expired when its time has passed meanwhile.
async fn free(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: &coupon::Model,
    (reason, actor): (&str, Actor),
) -> Result<()> {
    let now = ctx.now();
    let past = rules::is_past(row.valid_until, now);
    let to = if past { CouponState::Expired } else { CouponState::Issued };
    let moved = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(to.to_value()))
        .col_expr(coupon::Column::LockedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(coupon::Column::LockedOrderNo, Expr::value(Option::<String>::None))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(now))
        .filter(coupon::Column::Id.eq(row.id))
        .filter(coupon::Column::State.eq(CouponState::Locked))
        .exec(txn)
        .await?;
    if moved.rows_affected == 1 {
        note(ctx, txn, (row.id, (Some(CouponState::Locked), to)), (Some(reason.to_owned()), actor)).await?;
    }
    Ok(())
}

async fn note(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (coupon_id, (from, to)): (CouponId, (Option<CouponState>, CouponState)),
    (reason, actor): (Option<String>, Actor),
) -> Result<()> {
    event::record(ctx, txn, vec![Move { coupon_id, from, to, reason, actor }]).await
}
