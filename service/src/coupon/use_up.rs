//! The transaction of redemptions: coupons become used, each with its redemption and its event, and the member is told. A handful of
//! statements, however many they are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::states::CouponState;
use entity::{coupon, member, redemption, store};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::combine::{Combination, Part};
use super::event::{self, Move};
use super::redeem::{Receipt, ReceiptPart, RedeemCoupon};
use super::rules::Usage;
use super::{HeldCoupon, quote, receipt, use_up_postgres};
use crate::audit::Actor;
use crate::context::Context;
use crate::db::{self, is_any};
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId};
use crate::notice;
use crate::staff::StaffCaller;

/// A use that every rule allows: who asks for what, where, and what the coupons take off.
pub struct Use<'a> {
    pub command: &'a RedeemCoupon,
    pub request_hash: String,
    pub staff: &'a StaffCaller,
    pub store: store::Model,
    /// `till`, `online` or `offline`.
    pub source: &'static str,
    pub held: Vec<HeldCoupon>,
    pub taken: Combination,
    pub usage: Usage<'a>,
}

/// The receipts of all of them; none when a race was lost by one, and then nothing is written.
pub async fn write(ctx: &Context, uses: &[Use<'_>], at: DateTime<Utc>) -> Result<Option<Vec<Receipt>>> {
    if uses.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let txn = ctx.db.begin().await?;
    let receipts = write_in(ctx, &txn, uses, at).await?;
    match receipts {
        Some(_) => txn.commit().await?,
        None => txn.rollback().await?,
    }
    Ok(receipts)
}

/// As part of the caller's transaction, which is to be given up when none come back. `at` is the redemptions' time and the coupons'
/// `used_at`, so that a repeated request reads what the first was answered.
pub async fn write_in(
    ctx: &Context,
    txn: &DatabaseTransaction,
    uses: &[Use<'_>],
    at: DateTime<Utc>,
) -> Result<Option<Vec<Receipt>>> {
    let parts: Vec<Vec<ReceiptPart>> =
        uses.iter().map(|one| parts_of(ctx, one, at)).collect::<Result<_>>()?;
    let all: Vec<&ReceiptPart> = parts.iter().flatten().collect();
    if !are_still_first(txn, uses).await? || !use_up(ctx, txn, (uses, &all), at).await? {
        return Ok(None);
    }
    let receipts: Vec<Receipt> = parts.into_iter().map(|parts| used(parts, at)).collect::<Result<_>>()?;
    let told = uses.iter().zip(&receipts).map(|(one, made)| receipt::of_redemption(ctx, made, &one.store));
    notice::send_all(ctx, txn, told.collect()).await?;
    Ok(Some(receipts))
}

fn parts_of(ctx: &Context, one: &Use<'_>, at: DateTime<Utc>) -> Result<Vec<ReceiptPart>> {
    let part = |(number, part): (usize, &Part)| {
        let held = one.held.iter().find(|held| held.coupon.id == part.coupon_id);
        let held = held.ok_or(Error::NotFound("coupon"))?.clone();
        Ok(ReceiptPart { redemption: new_row(ctx, one, (number, part), (&held, at))?, held })
    };
    one.taken.parts.iter().enumerate().map(part).collect()
}

/// Of a coupon for first orders two tills could each make the first: the member's row decides.
async fn are_still_first(txn: &DatabaseTransaction, uses: &[Use<'_>]) -> Result<bool> {
    let asks = |one: &&Use<'_>| one.held.iter().any(|held| held.offer.conditions.first_order);
    let members: Vec<MemberId> = uses.iter().filter(asks).map(|one| one.usage.member_id).collect();
    if members.is_empty() {
        return Ok(true);
    }
    let rows = member::Entity::find()
        .filter(is_any(txn.get_database_backend(), member::Column::Id, members.iter().copied()))
        .order_by_asc(member::Column::Id)
        .lock_exclusive()
        .all(txn)
        .await?;
    let nothing_bought = rows.len() == members.len() && rows.iter().all(|row| row.purchase_count == 0);
    Ok(nothing_bought && !quote::has_redeemed(txn, &members).await?)
}

/// What a rule saw of a coupon is its row as it was read; one that has changed since is to be judged anew: then false.
async fn use_up(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (uses, parts): (&[Use<'_>], &[&ReceiptPart]),
    at: DateTime<Utc>,
) -> Result<bool> {
    if txn.get_database_backend() == DbBackend::Postgres {
        return use_up_postgres::use_up(ctx, txn, parts, at).await;
    }
    if !are_as_seen(txn, parts).await? || !insert_redemptions(txn, parts).await? {
        return Ok(false);
    }
    use_all(txn, parts, at).await?;
    event::record(ctx, txn, uses.iter().flat_map(moves).collect()).await?;
    Ok(true)
}

/// SQLite has one writer: while this transaction is open, nobody else changes them.
async fn are_as_seen(txn: &DatabaseTransaction, parts: &[&ReceiptPart]) -> Result<bool> {
    let seen: HashMap<CouponId, &coupon::Model> =
        parts.iter().map(|part| (part.held.coupon.id, &part.held.coupon)).collect();
    let ids = seen.keys().copied();
    let rows = coupon::Entity::find().filter(coupon::Column::Id.is_in(ids)).all(txn).await?;
    Ok(rows.len() == parts.len() && rows.iter().all(|row| seen.get(&row.id) == Some(&row)))
}

async fn insert_redemptions(txn: &DatabaseTransaction, parts: &[&ReceiptPart]) -> Result<bool> {
    let rows = parts.iter().map(|part| part.redemption.clone()).collect();
    Ok(db::insert_all::<redemption::Entity>(txn, rows).await? == parts.len() as u64)
}

async fn use_all(txn: &DatabaseTransaction, parts: &[&ReceiptPart], at: DateTime<Utc>) -> Result<()> {
    let ids = parts.iter().map(|part| part.held.coupon.id);
    coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Used.to_value()))
        .col_expr(coupon::Column::UsedAt, Expr::value(at))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(at))
        .col_expr(coupon::Column::LockedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(coupon::Column::LockedOrderNo, Expr::value(Option::<String>::None))
        .filter(coupon::Column::Id.is_in(ids))
        .exec(txn)
        .await?;
    Ok(())
}

fn moves<'a>(one: &'a Use<'_>) -> impl Iterator<Item = Move> + 'a {
    one.held.iter().map(|held| Move {
        coupon_id: held.coupon.id,
        from: Some(held.coupon.state),
        to: CouponState::Used,
        reason: None,
        actor: Actor::Staff(one.staff.id),
    })
}

/// The parts as they are now.
fn used(mut parts: Vec<ReceiptPart>, at: DateTime<Utc>) -> Result<Receipt> {
    for part in &mut parts {
        part.held.coupon.state = CouponState::Used;
        part.held.coupon.used_at = Some(at);
        part.held.coupon.locked_until = None;
        part.held.coupon.locked_order_no = None;
    }
    Receipt::of(parts)
}

fn new_row(
    ctx: &Context,
    one: &Use<'_>,
    (number, part): (usize, &Part),
    (held, at): (&HeldCoupon, DateTime<Utc>),
) -> Result<redemption::Model> {
    let command = one.command;
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
        staff_id: one.staff.id,
        request_no: command.request_no.clone(),
        request_hash: one.request_hash.clone(),
        order_no: command.order_no.clone(),
        amount_fen: command.basket.amount_fen(),
        discount_fen: part.discount_fen,
        redeemed_at: at,
        reversed_at: None,
        reversed_by: None,
        reversal_reason: None,
        part: i32::try_from(number).map_err(Error::internal)?,
        shares: shares.into(),
        source: one.source.to_owned(),
    })
}
