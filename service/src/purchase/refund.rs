//! Staff give back money for a purchase, by line, by amount or all of it. In one transaction the money, the points, the member's sums, the
//! gift of an order that no longer comes to enough and, of a whole order, its coupons go back.

use std::cmp::min;
use std::collections::HashMap;

use entity::{purchase, purchase_line, refund, refund_line, return_period};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::refund_rules::{self, Asked, Part, Piece};
use super::rows::take_from_member;
use crate::audit::{self, Act};
use crate::card::till;
use crate::context::Context;
use crate::coupon::{self, ReturnedLine};
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::{CouponId, PurchaseId, PurchaseLineId, RefundId};
use crate::order_gift;
use crate::points::{self, TakenBack};
use crate::refusal::Refusal;
use crate::staff::StaffCaller;
use crate::stamp;
use crate::text;

pub use entity::refund::Model as RefundRow;
pub use entity::refund_line::Model as RefundLine;

#[derive(Debug, Clone)]
pub struct RefundPurchase {
    pub purchase_id: PurchaseId,
    /// The till's own number, unique in the store: the same refund again gets the same answer.
    pub refund_no: String,
    pub asked: Asked,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Refunded {
    pub refund: RefundRow,
    pub lines: Vec<RefundLine>,
}

impl Refunded {
    /// What the customer gets: the amount with what coupons pay out, less the value of points that were spent already and of a
    /// gift that was used.
    pub fn payable_fen(&self) -> i64 {
        payable_fen(&self.refund)
    }
}

pub fn payable_fen(refund: &RefundRow) -> i64 {
    refund.amount_fen + refund.coupon_fen - refund.deducted_fen - refund.gift_fen
}

/// # Refuses
/// `store_not_permitted`, `refund_too_large`, `refund_number_taken`
pub async fn refund_purchase(
    ctx: &Context,
    staff: &StaffCaller,
    command: RefundPurchase,
) -> Result<Refunded> {
    let refund_no = text::line("refund_no", &command.refund_no, 64)?;
    let reason = command.reason.as_deref().map(|text| text::line("reason", text, 200)).transpose()?;
    let command = RefundPurchase { refund_no, reason, ..command };
    let purchase = purchase::Entity::find_by_id(command.purchase_id).one(ctx.db.read()).await?;
    let purchase = purchase.ok_or(Error::NotFound("purchase"))?;
    till::require(staff, purchase.store_id)?;
    let txn = ctx.db.begin().await?;
    points::lock(&txn, purchase.member_id).await?;
    if let Some(done) = stored_answer(&txn, &purchase, &command).await? {
        return Ok(done);
    }
    let (refunded, _) = give_back(ctx, &txn, staff, &command).await?;
    record(ctx, &txn, staff, &refunded.refund).await?;
    txn.commit().await?;
    Ok(refunded)
}

/// What a refund is, but for its number and its audit. Its quote does the same and keeps nothing of it. Answers also the coupons that
/// the member gets back.
///
/// # Refuses
/// `refund_too_large`, `refund_number_taken`
pub(super) async fn give_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    command: &RefundPurchase,
) -> Result<(Refunded, Vec<CouponId>)> {
    // Read under the lock: another refund may have come first.
    let purchase = purchase::Entity::find_by_id(command.purchase_id).one(txn).await?;
    let purchase = purchase.ok_or(Error::NotFound("purchase"))?;
    let parts = parts_of(txn, &purchase).await?;
    let pieces = refund_rules::plan(&parts, &command.asked)?;
    let (coupon_fen, coupons) =
        give_back_coupons(ctx, txn, staff, (&purchase, command), (&parts, &pieces)).await?;
    let left_fen = purchase.total_fen - purchase.refunded_fen - amount_of(&pieces);
    let gift_fen = order_gift::take_back(ctx, txn, &purchase, left_fen).await?;
    let paid_out = PaidOut { coupon_fen, gift_fen };
    let refunded = write(ctx, txn, staff, (&purchase, command), (&pieces, paid_out)).await?;
    if refund_rules::is_whole(&parts, &pieces) {
        stamp::take_back(ctx, txn, &purchase).await?;
        return_period::Entity::delete_by_id(purchase.id).exec(txn).await?;
    }
    Ok((refunded, coupons))
}

/// What coupons add to a refund, and what a gift that was used is worth.
#[derive(Debug, Clone, Copy)]
struct PaidOut {
    coupon_fen: i64,
    gift_fen: i64,
}

fn amount_of(pieces: &[Piece]) -> i64 {
    pieces.iter().map(|piece| piece.amount_fen).sum()
}

/// What tells one request from another under the same number.
fn request_hash(command: &RefundPurchase) -> String {
    crypto::sha256_hex(format!("{}\n{:?}", command.purchase_id, command.asked).as_bytes())
}

/// # Refuses
/// `refund_number_taken`
async fn stored_answer(
    txn: &impl ConnectionTrait,
    purchase: &purchase::Model,
    command: &RefundPurchase,
) -> Result<Option<Refunded>> {
    let row = refund::Entity::find()
        .filter(refund::Column::StoreId.eq(purchase.store_id))
        .filter(refund::Column::RefundNo.eq(&command.refund_no))
        .one(txn)
        .await?;
    let Some(refund) = row else { return Ok(None) };
    if refund.request_hash != request_hash(command) {
        return Err(Refusal::RefundNumberTaken.into());
    }
    let lines = refund_line::Entity::find()
        .filter(refund_line::Column::RefundId.eq(refund.id))
        .order_by_asc(refund_line::Column::Id)
        .all(txn)
        .await?;
    Ok(Some(Refunded { refund, lines }))
}

/// The purchase's lines with what they earned and what of them is back already; one that has no lines is one part.
async fn parts_of(txn: &impl ConnectionTrait, purchase: &purchase::Model) -> Result<Vec<Part>> {
    let lines = purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.eq(purchase.id))
        .order_by_asc(purchase_line::Column::Id)
        .all(txn)
        .await?;
    let earnings = points::earnings_of(txn, [purchase.id]).await?.remove(&purchase.id).unwrap_or_default();
    let earned: HashMap<Option<PurchaseLineId>, (i64, i64)> =
        earnings.iter().map(|row| (row.purchase_line_id, (row.paid_fen, row.points))).collect();
    let back = refunded_so_far(txn, purchase.id).await?;
    let mut parts = refund_rules::parts(purchase.total_fen, &lines);
    for part in &mut parts {
        if let Some(&(paid_fen, points)) = earned.get(&part.line_id) {
            (part.paid_fen, part.points) = (paid_fen, points);
        }
        if let Some(&(quantity, fen, points)) = back.get(&part.line_id) {
            (part.back_quantity, part.back_fen, part.back_points) = (quantity, fen, points);
        }
    }
    Ok(parts)
}

async fn refunded_so_far(
    txn: &impl ConnectionTrait,
    id: PurchaseId,
) -> Result<HashMap<Option<PurchaseLineId>, (i64, i64, i64)>> {
    let refunds = refund::Entity::find()
        .select_only()
        .column(refund::Column::Id)
        .filter(refund::Column::PurchaseId.eq(id));
    let mut back: HashMap<Option<PurchaseLineId>, (i64, i64, i64)> = HashMap::new();
    for row in refund_line::Entity::find()
        .filter(refund_line::Column::RefundId.in_subquery(sea_orm::QueryTrait::into_query(refunds)))
        .all(txn)
        .await?
    {
        let sums = back.entry(row.purchase_line_id).or_default();
        *sums = (sums.0 + row.quantity, sums.1 + row.amount_fen, sums.2 + row.points);
    }
    Ok(back)
}

async fn write(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (purchase, command): (&purchase::Model, &RefundPurchase),
    (pieces, paid_out): (&[Piece], PaidOut),
) -> Result<Refunded> {
    let id: RefundId = ctx.new_id();
    let amount_fen = amount_of(pieces);
    take_money(txn, purchase.id, amount_fen).await?;
    let points = pieces.iter().map(|piece| piece.points).sum();
    let taken = points::take_back(ctx, txn, (purchase, id), (points, staff.actor())).await?;
    let refund = new_row(ctx, staff, (purchase, command), (id, amount_fen, taken, paid_out));
    let inserted = refund::Entity::insert(refund.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    if inserted == 0 {
        // Another member's refund took the number in this moment.
        return Err(Refusal::RefundNumberTaken.into());
    }
    let lines: Vec<RefundLine> = pieces
        .iter()
        .map(|piece| RefundLine {
            id: ctx.new_id(),
            refund_id: id,
            purchase_line_id: piece.line_id,
            quantity: piece.quantity,
            amount_fen: piece.amount_fen,
            points: piece.points,
        })
        .collect();
    for chunk in lines.chunks(500) {
        let rows = chunk.iter().map(|line| line.clone().into_active_model().reset_all());
        refund_line::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    take_from_member(ctx, txn, purchase, amount_fen).await?;
    Ok(Refunded { refund, lines })
}

fn new_row(
    ctx: &Context,
    staff: &StaffCaller,
    (purchase, command): (&purchase::Model, &RefundPurchase),
    (id, amount_fen, taken, paid_out): (RefundId, i64, TakenBack, PaidOut),
) -> RefundRow {
    let deducted_fen = min(taken.deducted_fen, amount_fen);
    RefundRow {
        id,
        purchase_id: purchase.id,
        store_id: purchase.store_id,
        member_id: purchase.member_id,
        staff_id: Some(staff.id),
        refund_no: command.refund_no.clone(),
        request_hash: request_hash(command),
        amount_fen,
        points: taken.points,
        debt_points: taken.debt_points,
        deducted_fen,
        coupon_fen: paid_out.coupon_fen,
        // Never more than there is to pay out.
        gift_fen: min(paid_out.gift_fen, amount_fen + paid_out.coupon_fen - deducted_fen),
        reason: command.reason.clone(),
        refunded_at: ctx.now(),
    }
}

/// The last guard: never more than was paid.
async fn take_money(txn: &impl ConnectionTrait, id: PurchaseId, amount_fen: i64) -> Result<()> {
    let refunded = || Expr::col(purchase::Column::RefundedFen).add(amount_fen);
    let taken = purchase::Entity::update_many()
        .col_expr(purchase::Column::RefundedFen, refunded())
        .filter(purchase::Column::Id.eq(id))
        .filter(refunded().lte(Expr::col(purchase::Column::TotalFen)))
        .exec(txn)
        .await?;
    if taken.rows_affected == 1 { Ok(()) } else { Err(Refusal::RefundTooLarge.into()) }
}

/// An order that goes back at once takes its coupons with it; of one that goes back in parts each coupon's own rule says what becomes of
/// it. Answers what is paid out for them, and those that the member gets back.
async fn give_back_coupons(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (purchase, command): (&purchase::Model, &RefundPurchase),
    (parts, pieces): (&[Part], &[Piece]),
) -> Result<(i64, Vec<CouponId>)> {
    let order = (purchase.store_id, purchase.order_no.as_str());
    let in_parts = parts.iter().any(|part| part.back_quantity > 0);
    if !in_parts && refund_rules::is_whole(parts, pieces) {
        let reason = command.reason.as_deref().unwrap_or("refund");
        return Ok((0, coupon::return_of_order(ctx, txn, staff, order, reason).await?));
    }
    let returned: Vec<ReturnedLine> = parts
        .iter()
        .enumerate()
        .filter_map(|(line, part)| {
            let piece = pieces.iter().find(|piece| piece.line_id == part.line_id)?;
            let (quantity, before, bought) = (piece.quantity, part.back_quantity, part.quantity);
            (quantity > 0).then_some(ReturnedLine { line, quantity, before, bought })
        })
        .collect();
    let partly = coupon::return_of_lines(ctx, txn, order, &returned).await?;
    Ok((partly.given_back_fen, partly.reissued))
}

async fn record(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    refund: &RefundRow,
) -> Result<()> {
    let act = Act {
        actor: staff.actor(),
        action: "purchase.refund",
        subject: ("purchase", refund.purchase_id.to_string()),
        detail: serde_json::json!({
            "refund_id": refund.id, "amount_fen": refund.amount_fen, "points": refund.points,
            "reason": refund.reason,
        }),
    };
    audit::record(ctx, txn, act).await
}
