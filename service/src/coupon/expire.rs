//! Marks copies whose time has passed. Only tidies up: every use looks at the time itself, so that a late run harms nobody.

use entity::coupon;
use entity::states::CouponState;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::event::{self, Move};
use super::rules;
use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::CouponId;

/// Copies per transaction, so that a till never waits long behind this.
const PAGE: u64 = 500;

/// Expires what is past and answers how many. Harmless twice and side by side: a page takes only rows that nobody else holds
/// and that are still issued.
pub async fn expire(ctx: &Context) -> Result<u64> {
    let mut expired = 0;
    loop {
        let page = expire_page(ctx).await?;
        expired += page;
        if page < PAGE {
            return Ok(expired);
        }
    }
}

async fn expire_page(ctx: &Context) -> Result<u64> {
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    let ids: Vec<CouponId> = coupon::Entity::find()
        .select_only()
        .column(coupon::Column::Id)
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .filter(coupon::Column::ValidUntil.lte(rules::past_ends(now)))
        .order_by_asc(coupon::Column::ValidUntil)
        .limit(PAGE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&txn)
        .await?;
    if ids.is_empty() {
        txn.rollback().await?;
        return Ok(0);
    }
    let moved = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Expired.to_value()))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(now))
        .filter(coupon::Column::Id.is_in(ids.iter().copied()))
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .exec(&txn)
        .await?;
    let moves = ids.iter().map(|&coupon_id| Move {
        coupon_id,
        from: Some(CouponState::Issued),
        to: CouponState::Expired,
        reason: None,
        actor: Actor::System,
    });
    event::record(ctx, &txn, moves.collect()).await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}
