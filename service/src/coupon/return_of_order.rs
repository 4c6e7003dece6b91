//! What is bought with coupons is given back: all of it, and the coupons return; part of it, and each coupon's own rule says
//! what becomes of what it took off.

use entity::redemption;
use entity::states::PartialRefund;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;

use super::again::{self, Slot};
use super::redeem::complete;
use super::reverse::{take_back, tell};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, StoreId};
use crate::staff::StaffCaller;

/// Reverses the redemptions of an order that are not reversed yet, the last that was made first; answers their coupons, which
/// are good again, or expired when their time has passed.
pub async fn return_of_order(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (store_id, order_no): (StoreId, &str),
    reason: &str,
) -> Result<Vec<CouponId>> {
    let live = live_of(txn, (store_id, order_no)).await?;
    let mut returned = Vec::new();
    for request in live.chunk_by(|one, other| one.request_no == other.request_no).rev() {
        if take_back(ctx, txn, request, (reason, staff.actor())).await? {
            returned.extend(request.iter().rev().map(|row| row.coupon_id));
            tell(ctx, txn, request.to_vec()).await?;
        }
    }
    Ok(returned)
}

/// Pieces of one line of an order that are given back.
#[derive(Debug, Clone, Copy)]
pub struct ReturnedLine {
    /// The line's place in the order, from 0.
    pub line: usize,
    /// Pieces now, pieces given back before, and pieces that were bought.
    pub quantity: i64,
    pub before: i64,
    pub bought: i64,
}

/// What became of the coupons of an order of which part is given back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartlyReturned {
    /// What is paid out besides what the customer paid for the pieces.
    pub given_back_fen: i64,
    /// New copies that the member got.
    pub reissued: Vec<CouponId>,
}

/// The coupons stay used. `keep`: nothing else; `give_back_share`: what the coupon took off the pieces is paid out;
/// `reissue`: the member gets a new copy, once for each redemption however many parts are given back.
pub async fn return_of_lines(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (store_id, order_no): (StoreId, &str),
    lines: &[ReturnedLine],
) -> Result<PartlyReturned> {
    let live = live_of(txn, (store_id, order_no)).await?;
    let mut outcome = PartlyReturned::default();
    if live.is_empty() {
        return Ok(outcome);
    }
    let receipt = complete(txn, live).await?;
    for (redemption, held) in receipt.parts() {
        let share = share_of(redemption, lines)?;
        match held.offer.template.partial_refund {
            PartialRefund::Keep => {}
            PartialRefund::GiveBackShare => outcome.given_back_fen += share,
            PartialRefund::Reissue if share > 0 => {
                let source = ("refund", redemption.id.0);
                outcome.reissued.extend(again::issue(ctx, txn, held, source, Slot::Extra).await?);
            }
            PartialRefund::Reissue => {}
        }
    }
    Ok(outcome)
}

async fn live_of(
    txn: &DatabaseTransaction,
    (store_id, order_no): (StoreId, &str),
) -> Result<Vec<redemption::Model>> {
    Ok(redemption::Entity::find()
        .filter(redemption::Column::StoreId.eq(store_id))
        .filter(redemption::Column::OrderNo.eq(order_no))
        .filter(redemption::Column::ReversedAt.is_null())
        .order_by_asc(redemption::Column::RedeemedAt)
        .order_by_asc(redemption::Column::RequestNo)
        .order_by_asc(redemption::Column::Part)
        .all(txn)
        .await?)
}

#[derive(Deserialize)]
struct Share {
    line: usize,
    discount_fen: i64,
}

/// What a coupon took off these pieces. Counted from the first piece on, so that the parts sum to the whole share.
fn share_of(redemption: &redemption::Model, lines: &[ReturnedLine]) -> Result<i64> {
    let shares: Vec<Share> = serde_json::from_value(redemption.shares.clone()).map_err(Error::internal)?;
    let of_line = |returned: &ReturnedLine| {
        let share =
            shares.iter().find(|share| share.line == returned.line).map_or(0, |share| share.discount_fen);
        let until = |pieces: i64| share * pieces.min(returned.bought) / returned.bought.max(1);
        until(returned.before + returned.quantity) - until(returned.before)
    };
    Ok(lines.iter().map(of_line).sum())
}
