//! Taking it back when its order is.

use entity::states::CouponState;
use entity::{coupon, order_gift, purchase, redemption};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::give::GIVEN;
use crate::context::Context;
use crate::coupon as coupons;
use crate::error::Result;
use crate::ids::CouponId;

const VOIDED: &str = "voided";
/// It was used: what it was worth is kept back.
const VALUED: &str = "valued";
/// Its time had passed, or it was void already.
const LAPSED: &str = "lapsed";

/// When `left_fen` of an order no longer reach its gift's step: the gift is voided, or its value answered, in fen. Under the lock of the
/// order's member.
pub(crate) async fn take_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    purchase: &purchase::Model,
    left_fen: i64,
) -> Result<i64> {
    let gift = order_gift::Entity::find_by_id(purchase.id)
        .filter(order_gift::Column::Outcome.eq(GIVEN))
        .filter(order_gift::Column::ThresholdFen.gt(left_fen))
        .one(txn)
        .await?;
    let Some(coupon_id) = gift.and_then(|gift| gift.coupon_id) else { return Ok(0) };
    let (copy, voided) = coupons::take_back(ctx, txn, coupon_id, "order_refunded").await?;
    let (outcome, value_fen) = match voided {
        true => (VOIDED, 0),
        false => worth_of(txn, copy).await?.map_or((LAPSED, 0), |value_fen| (VALUED, value_fen)),
    };
    order_gift::Entity::update_many()
        .col_expr(order_gift::Column::Outcome, Expr::value(outcome))
        .col_expr(order_gift::Column::ValueFen, Expr::value(value_fen))
        .col_expr(order_gift::Column::TakenBackAt, Expr::value(ctx.now()))
        .filter(order_gift::Column::PurchaseId.eq(purchase.id))
        .exec(txn)
        .await?;
    Ok(value_fen)
}

/// Of one that was used: what it took off, or, where it takes nothing off, what a copy costs the brand.
async fn worth_of(txn: &impl ConnectionTrait, id: CouponId) -> Result<Option<i64>> {
    let used =
        coupon::Entity::find_by_id(id).filter(coupon::Column::State.eq(CouponState::Used)).one(txn).await?;
    let Some(used) = used else { return Ok(None) };
    let live = redemption::Entity::find()
        .filter(redemption::Column::CouponId.eq(id))
        .filter(redemption::Column::ReversedAt.is_null())
        .one(txn)
        .await?;
    match live.map_or(0, |live| live.discount_fen) {
        0 => Ok(Some(coupons::cost_fen(txn, used.template_id).await?)),
        discount_fen => Ok(Some(discount_fen)),
    }
}
