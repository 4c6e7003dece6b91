//! Staff take back what a request redeemed: its coupons are good again, or expired when their time has passed meanwhile.
//! Who redeemed may do so for a while (`till.undo_seconds`), a manager at any time.

use chrono::{DateTime, Duration, Utc};
use entity::states::CouponState;
use entity::{coupon, redemption, store};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use super::event::{self, Move};
use super::redeem::{Receipt, complete};
use super::{receipt, rules};
use crate::audit::{self, Act, Actor};
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{RedemptionId, StaffId};
use crate::notice;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// Takes back the redemption and those that its request made with it. The same again with the same reason is answered with
/// what was done.
///
/// # Refuses
/// `store_not_permitted`, `reversal_needs_manager`, `redemption_already_reversed`
pub async fn reverse_redemption(
    ctx: &Context,
    staff: &StaffCaller,
    id: RedemptionId,
    reason: &str,
) -> Result<Receipt> {
    let reason = rules::reason(reason)?;
    let rows = of_one_request(ctx, id).await?;
    let first = rows.first().ok_or(Error::NotFound("redemption"))?;
    till::require(staff, first.store_id)?;
    require_undo(ctx, staff, first)?;
    let txn = ctx.db.begin().await?;
    if take_back(ctx, &txn, &rows, (&reason, staff.actor())).await? {
        let act = Act {
            actor: staff.actor(),
            action: "redemption.reverse",
            subject: ("redemption", id.to_string()),
            detail: serde_json::json!({
                "coupon_ids": rows.iter().map(|row| row.coupon_id).collect::<Vec<_>>(), "reason": reason,
            }),
        };
        audit::record(ctx, &txn, act).await?;
        tell(ctx, &txn, rows).await?;
    }
    txn.commit().await?;
    let rows = of_one_request(ctx, id).await?;
    if rows.iter().any(|row| row.reversal_reason.as_deref() != Some(reason.as_str())) {
        return Err(Refusal::RedemptionAlreadyReversed.into());
    }
    complete(ctx.db.read(), rows).await
}

/// Until when somebody may take a redemption back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    Never,
    Until(DateTime<Utc>),
    Always,
}

/// What the caller may do about a redemption now; what is reversed already is nobody's to undo.
pub fn undo_of(ctx: &Context, staff: &StaffCaller, row: &redemption::Model) -> Undo {
    let until = row.redeemed_at + Duration::seconds(ctx.settings.till.undo_seconds);
    if row.reversed_at.is_some() {
        Undo::Never
    } else if Permission::ReverseLater.granted_to(staff.role) {
        Undo::Always
    } else if row.staff_id == staff.id && ctx.now() <= until {
        Undo::Until(until)
    } else {
        Undo::Never
    }
}

/// What is reversed already is answered as it was.
fn require_undo(ctx: &Context, staff: &StaffCaller, row: &redemption::Model) -> Result<()> {
    if row.reversed_at.is_none() && undo_of(ctx, staff, row) == Undo::Never {
        return Err(Refusal::ReversalNeedsManager.into());
    }
    Ok(())
}

pub(super) async fn tell(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: Vec<redemption::Model>,
) -> Result<()> {
    let receipt = complete(txn, rows).await?;
    let store = store::Entity::find_by_id(receipt.redemption.store_id).one(txn).await?;
    let store = store.ok_or(Error::NotFound("store"))?;
    notice::send(ctx, txn, receipt::of_reversal(ctx, &receipt, &store)).await?;
    Ok(())
}

async fn of_one_request(ctx: &Context, id: RedemptionId) -> Result<Vec<redemption::Model>> {
    let row = redemption::Entity::find_by_id(id).one(ctx.db.read()).await?;
    let row = row.ok_or(Error::NotFound("redemption"))?;
    Ok(redemption::Entity::find()
        .filter(redemption::Column::StoreId.eq(row.store_id))
        .filter(redemption::Column::RequestNo.eq(row.request_no))
        .order_by_asc(redemption::Column::Part)
        .all(ctx.db.read())
        .await?)
}

/// Marks the live ones among `rows` as reversed and gives their coupons back, the last that was applied first. False when
/// somebody else did.
pub(super) async fn take_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: &[redemption::Model],
    (reason, actor): (&str, Actor),
) -> Result<bool> {
    let by = match actor {
        Actor::Staff(id) => Some(id),
        Actor::Member(_) | Actor::System => None,
    };
    let mut taken_back = false;
    for row in rows.iter().rev() {
        if mark_reversed(ctx, txn, row.id, (reason, by)).await? {
            return_coupon(ctx, txn, row, (reason, actor)).await?;
            taken_back = true;
        }
    }
    Ok(taken_back)
}

async fn mark_reversed(
    ctx: &Context,
    txn: &DatabaseTransaction,
    id: RedemptionId,
    (reason, by): (&str, Option<StaffId>),
) -> Result<bool> {
    let marked = redemption::Entity::update_many()
        .col_expr(redemption::Column::ReversedAt, Expr::value(ctx.now()))
        .col_expr(redemption::Column::ReversedBy, Expr::value(by.map(|id| id.0)))
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
    redemption: &redemption::Model,
    (reason, actor): (&str, Actor),
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
    let reason = Some(reason.to_owned());
    let one = Move { coupon_id: coupon.id, from: Some(CouponState::Used), to, reason, actor };
    event::record(ctx, txn, vec![one]).await
}
