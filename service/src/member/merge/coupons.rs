//! Coupons. A copy takes the lowest slot of its template that is free, so that the limit per member counts what both held.

use std::collections::{HashMap, HashSet};

use entity::coupon;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Pair;
use super::belongings::move_all;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CouponId, CouponTemplateId};

pub(super) async fn move_coupons(ctx: &Context, txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let mut taken: HashMap<CouponTemplateId, HashSet<i32>> = HashMap::new();
    let kept: Vec<(CouponTemplateId, i32)> = coupon::Entity::find()
        .select_only()
        .columns([coupon::Column::TemplateId, coupon::Column::Slot])
        .filter(coupon::Column::MemberId.eq(pair.kept))
        .into_tuple()
        .all(txn)
        .await?;
    for (template, slot) in kept {
        taken.entry(template).or_default().insert(slot);
    }
    let going: Vec<(CouponId, CouponTemplateId)> = coupon::Entity::find()
        .select_only()
        .columns([coupon::Column::Id, coupon::Column::TemplateId])
        .filter(coupon::Column::MemberId.eq(pair.gone))
        .order_by_asc(coupon::Column::Id)
        .into_tuple()
        .all(txn)
        .await?;
    let moved = going.len() as u64;
    for (id, template) in going {
        let slot = take_slot(taken.entry(template).or_default());
        coupon::Entity::update_many()
            .col_expr(coupon::Column::MemberId, Expr::value(pair.kept))
            .col_expr(coupon::Column::Slot, Expr::value(slot))
            .col_expr(coupon::Column::UpdatedAt, Expr::value(ctx.now()))
            .filter(coupon::Column::Id.eq(id))
            .exec(txn)
            .await?;
    }
    // A redemption that was under way held its coupon until now.
    move_all(txn, "redemption", pair).await?;
    Ok(moved)
}

fn take_slot(taken: &mut HashSet<i32>) -> i32 {
    let slot = (1..).find(|slot| !taken.contains(slot)).unwrap_or(i32::MAX);
    taken.insert(slot);
    slot
}
