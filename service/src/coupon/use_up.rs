//! The transaction of a redemption: coupons become used, each with its redemption and its event.

use chrono::{DateTime, Utc};
use entity::states::{CouponState, SalesChannel};
use entity::{coupon, member, redemption, store};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use super::combine::{Combination, Part};
use super::event::{self, Move};
use super::redeem::{Receipt, ReceiptPart, RedeemCoupon};
use super::rules::{self, Usage};
use super::{HeldCoupon, quote, receipt};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::StaffCaller;

/// Who asks for what, and where.
pub struct Order<'a> {
    pub command: &'a RedeemCoupon,
    pub request_hash: String,
    pub staff: &'a StaffCaller,
    pub store: &'a store::Model,
}

/// None when a race was lost.
pub async fn write(
    ctx: &Context,
    order: &Order<'_>,
    held: Vec<HeldCoupon>,
    taken: &Combination,
    usage: Usage<'_>,
) -> Result<Option<Receipt>> {
    let source = if usage.channel == SalesChannel::Online { "online" } else { "till" };
    let txn = ctx.db.begin().await?;
    let receipt = write_in(ctx, &txn, (order, source), held, taken, usage).await?;
    match receipt {
        Some(_) => txn.commit().await?,
        None => txn.rollback().await?,
    }
    Ok(receipt)
}

/// As part of the caller's transaction, which is to be given up when none comes back. A coupon's `used_at` is the redemption's
/// time, so that a repeated request reads what the first was answered.
pub async fn write_in(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (order, source): (&Order<'_>, &str),
    held: Vec<HeldCoupon>,
    taken: &Combination,
    usage: Usage<'_>,
) -> Result<Option<Receipt>> {
    let mut parts: Vec<ReceiptPart> = taken
        .parts
        .iter()
        .enumerate()
        .map(|(number, part)| {
            let held = held.iter().find(|held| held.coupon.id == part.coupon_id);
            let held = held.ok_or(Error::NotFound("coupon"))?.clone();
            let redemption = new_row(ctx, (order, source), (number, part), (&held, usage))?;
            Ok(ReceiptPart { redemption, held })
        })
        .collect::<Result<_>>()?;
    if !is_still_first(txn, &parts, usage).await? || !use_all(txn, &parts, usage.now).await? {
        return Ok(None);
    }
    let moves = parts.iter().map(|part| Move {
        coupon_id: part.held.coupon.id,
        from: Some(part.held.coupon.state),
        to: CouponState::Used,
        reason: None,
        actor: Actor::Staff(order.staff.id),
    });
    event::record(ctx, txn, moves.collect()).await?;
    for part in &mut parts {
        part.held.coupon.state = CouponState::Used;
        part.held.coupon.used_at = Some(usage.now);
        part.held.coupon.locked_until = None;
        part.held.coupon.locked_order_no = None;
    }
    let receipt = Receipt::of(parts)?;
    receipt::tell_redeemed(ctx, txn, &receipt, order.store).await?;
    Ok(Some(receipt))
}

/// Of a coupon for first orders two tills could each make the first: the member's row decides.
async fn is_still_first(txn: &DatabaseTransaction, parts: &[ReceiptPart], usage: Usage<'_>) -> Result<bool> {
    if !parts.iter().any(|part| part.held.offer.conditions.first_order) {
        return Ok(true);
    }
    let row = member::Entity::find_by_id(usage.member_id).lock_exclusive().one(txn).await?;
    let nothing_bought = row.is_some_and(|row| row.purchase_count == 0);
    Ok(nothing_bought && !quote::has_redeemed(txn, usage.member_id).await?)
}

/// In the order of their ids, so that two requests for the same coupons don't wait for each other in a circle.
async fn use_all(txn: &DatabaseTransaction, parts: &[ReceiptPart], now: DateTime<Utc>) -> Result<bool> {
    let mut by_id: Vec<&ReceiptPart> = parts.iter().collect();
    by_id.sort_by_key(|part| part.held.coupon.id);
    for part in by_id {
        if !use_one(txn, part, now).await? {
            return Ok(false);
        }
    }
    let rows = parts.iter().map(|part| part.redemption.clone().into_active_model().reset_all());
    let inserted = redemption::Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    Ok(inserted == parts.len() as u64)
}

/// As it was when it was looked at, and still in time unless it is locked for this order.
async fn use_one(connection: &impl ConnectionTrait, part: &ReceiptPart, now: DateTime<Utc>) -> Result<bool> {
    let coupon = &part.held.coupon;
    let mut update = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Used.to_value()))
        .col_expr(coupon::Column::UsedAt, Expr::value(now))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(now))
        .col_expr(coupon::Column::LockedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(coupon::Column::LockedOrderNo, Expr::value(Option::<String>::None))
        .filter(coupon::Column::Id.eq(coupon.id))
        .filter(coupon::Column::MemberId.eq(coupon.member_id))
        .filter(coupon::Column::State.eq(coupon.state));
    if rules::is_locked(coupon, now) {
        update = update
            .filter(coupon::Column::LockedOrderNo.eq(coupon.locked_order_no.clone()))
            .filter(coupon::Column::LockedUntil.gt(now));
    } else {
        update = update
            .filter(coupon::Column::ValidFrom.lte(now))
            .filter(coupon::Column::ValidUntil.gt(rules::past_ends(now)));
    }
    Ok(update.exec(connection).await?.rows_affected == 1)
}

fn new_row(
    ctx: &Context,
    (order, source): (&Order<'_>, &str),
    (number, part): (usize, &Part),
    (held, usage): (&HeldCoupon, Usage<'_>),
) -> Result<redemption::Model> {
    let command = order.command;
    let shares: Vec<_> = part
        .shares
        .iter()
        .map(|(line, discount_fen)| serde_json::json!({ "line": line, "discount_fen": discount_fen }))
        .collect();
    Ok(redemption::Model {
        id: ctx.new_id(),
        coupon_id: held.coupon.id,
        member_id: held.coupon.member_id,
        store_id: command.store_id,
        staff_id: order.staff.id,
        request_no: command.request_no.clone(),
        request_hash: order.request_hash.clone(),
        order_no: command.order_no.clone(),
        amount_fen: command.basket.amount_fen(),
        discount_fen: part.discount_fen,
        redeemed_at: usage.now,
        reversed_at: None,
        reversed_by: None,
        reversal_reason: None,
        part: i32::try_from(number).map_err(Error::internal)?,
        shares: shares.into(),
        source: source.to_owned(),
    })
}
