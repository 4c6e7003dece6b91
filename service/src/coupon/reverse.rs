//! Staff take a redemption back: the coupon is good again, or expired when its time has passed meanwhile.

use entity::states::CouponState;
use entity::{coupon, redemption, store};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::event::{self, Move};
use super::redeem::{Receipt, find};
use super::rules;
use super::{offer, receipt};
use crate::audit::{self, Act};
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::RedemptionId;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

/// The same again with the same reason is answered with what was done.
///
/// # Refuses
/// `store_not_permitted`, `redemption_already_reversed`
pub async fn reverse_redemption(
    ctx: &Context,
    staff: &StaffCaller,
    id: RedemptionId,
    reason: &str,
) -> Result<Receipt> {
    let reason = rules::reason(reason)?;
    let row = read(ctx, id).await?;
    till::require(staff, row.store_id)?;
    let txn = ctx.db.begin().await?;
    if mark_reversed(ctx, &txn, staff, (id, &reason)).await? {
        return_coupon(ctx, &txn, staff, (&row, &reason)).await?;
        let act = Act {
            actor: staff.actor(),
            action: "redemption.reverse",
            subject: ("redemption", id.to_string()),
            detail: serde_json::json!({ "coupon_id": row.coupon_id, "reason": reason }),
        };
        audit::record(ctx, &txn, act).await?;
        tell(ctx, &txn, &row).await?;
    }
    txn.commit().await?;
    let redemption = read(ctx, id).await?;
    if redemption.reversal_reason.as_deref() != Some(reason.as_str()) {
        return Err(Refusal::RedemptionAlreadyReversed.into());
    }
    let held = find(ctx, redemption.coupon_id).await?;
    Ok(Receipt { redemption, held })
}

async fn tell(ctx: &Context, txn: &DatabaseTransaction, row: &redemption::Model) -> Result<()> {
    let coupon =
        coupon::Entity::find_by_id(row.coupon_id).one(txn).await?.ok_or(Error::NotFound("coupon"))?;
    let offer = offer::load(txn, coupon.template_id).await?;
    let store = store::Entity::find_by_id(row.store_id).one(txn).await?.ok_or(Error::NotFound("store"))?;
    receipt::tell_reversed(ctx, txn, row, (&offer.template.name, &store)).await
}

async fn read(ctx: &Context, id: RedemptionId) -> Result<redemption::Model> {
    redemption::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("redemption"))
}

async fn mark_reversed(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (id, reason): (RedemptionId, &str),
) -> Result<bool> {
    let marked = redemption::Entity::update_many()
        .col_expr(redemption::Column::ReversedAt, Expr::value(ctx.now()))
        .col_expr(redemption::Column::ReversedBy, Expr::value(staff.id.0))
        .col_expr(redemption::Column::ReversalReason, Expr::value(reason))
        .filter(redemption::Column::Id.eq(id))
        .filter(redemption::Column::ReversedAt.is_null())
        .exec(txn)
        .await?;
    Ok(marked.rows_affected == 1)
}

async fn return_coupon(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (redemption, reason): (&redemption::Model, &str),
) -> Result<()> {
    let coupon = coupon::Entity::find_by_id(redemption.coupon_id).one(txn).await?;
    let coupon = coupon.ok_or(Error::NotFound("coupon"))?;
    let past = rules::is_past(coupon.valid_until, ctx.now());
    let to = if past { CouponState::Expired } else { CouponState::Issued };
    let moved = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(to.to_value()))
        .col_expr(coupon::Column::UsedAt, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(coupon::Column::Id.eq(coupon.id))
        .filter(coupon::Column::State.eq(CouponState::Used))
        .exec(txn)
        .await?;
    if moved.rows_affected != 1 {
        return Err(Error::internal(anyhow::anyhow!(
            "coupon {} of a live redemption is not used",
            coupon.id
        )));
    }
    let one = Move {
        coupon_id: coupon.id,
        from: Some(CouponState::Used),
        to,
        reason: Some(reason.to_owned()),
        actor: staff.actor(),
    };
    event::record(ctx, txn, vec![one]).await
}
