//! Coupons and packs. A copy takes the lowest slot of its template that is free, so that the limit per member counts what both held. One beyond the
//! limit, which stands in for a copy that was given back, stays beyond it; one that never reached its member holds no slot.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use entity::{coupon, coupon_pack_claim, coupon_template, coupon_transfer};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Pair;
use super::belongings::move_all;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CouponId, CouponPackClaimId, CouponPackId, CouponTemplateId};

pub(super) async fn move_coupons(ctx: &Context, txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let kept: Vec<(CouponTemplateId, i32)> = coupon::Entity::find()
        .select_only()
        .columns([coupon::Column::TemplateId, coupon::Column::Slot])
        .filter(coupon::Column::MemberId.eq(pair.kept))
        .into_tuple()
        .all(txn)
        .await?;
    let mut slots = Slots::of(kept);
    let going: Vec<(CouponId, CouponTemplateId, i32)> = coupon::Entity::find()
        .select_only()
        .columns([coupon::Column::Id, coupon::Column::TemplateId, coupon::Column::Slot])
        .filter(coupon::Column::MemberId.eq(pair.gone))
        .order_by_asc(coupon::Column::Id)
        .into_tuple()
        .all(txn)
        .await?;
    let limits = limits(txn, going.iter().map(|(_, template, _)| *template)).await?;
    let moved = going.len() as u64;
    for (id, template, slot) in going {
        let limit = limits.get(&template).copied().unwrap_or(i32::MAX);
        let from = if slot > limit { limit + 1 } else { 1 };
        let slot = if slot > 0 { slots.take(template, from) } else { slot };
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

async fn limits(
    txn: &impl ConnectionTrait,
    templates: impl Iterator<Item = CouponTemplateId>,
) -> Result<HashMap<CouponTemplateId, i32>> {
    let limits: Vec<(CouponTemplateId, i32)> = coupon_template::Entity::find()
        .select_only()
        .columns([coupon_template::Column::Id, coupon_template::Column::LimitPerMember])
        .filter(coupon_template::Column::Id.is_in(templates.collect::<HashSet<_>>()))
        .into_tuple()
        .all(txn)
        .await?;
    Ok(limits.into_iter().collect())
}

/// A pack that both claimed counts twice.
pub(super) async fn move_pack_claims(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let of = |id| coupon_pack_claim::Entity::find().filter(coupon_pack_claim::Column::MemberId.eq(id));
    let kept: Vec<(CouponPackId, i32)> = of(pair.kept)
        .select_only()
        .columns([coupon_pack_claim::Column::PackId, coupon_pack_claim::Column::Slot])
        .into_tuple()
        .all(txn)
        .await?;
    let mut slots = Slots::of(kept);
    let going: Vec<(CouponPackClaimId, CouponPackId)> = of(pair.gone)
        .select_only()
        .columns([coupon_pack_claim::Column::Id, coupon_pack_claim::Column::PackId])
        .order_by_asc(coupon_pack_claim::Column::Id)
        .into_tuple()
        .all(txn)
        .await?;
    let moved = going.len() as u64;
    for (id, pack) in going {
        coupon_pack_claim::Entity::update_many()
            .col_expr(coupon_pack_claim::Column::MemberId, Expr::value(pair.kept))
            .col_expr(coupon_pack_claim::Column::Slot, Expr::value(slots.take(pack, 1)))
            .filter(coupon_pack_claim::Column::Id.eq(id))
            .exec(txn)
            .await?;
    }
    Ok(moved)
}

/// Offers to a friend, and what friends took.
pub(super) async fn move_transfers(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let mut moved = 0;
    for column in [coupon_transfer::Column::FromMemberId, coupon_transfer::Column::ToMemberId] {
        let done = coupon_transfer::Entity::update_many()
            .col_expr(column, Expr::value(pair.kept))
            .filter(column.eq(pair.gone))
            .exec(txn)
            .await?;
        moved += done.rows_affected;
    }
    Ok(moved)
}

/// The slots that are taken, by what they are slots of.
struct Slots<T>(HashMap<T, HashSet<i32>>);

impl<T: Eq + Hash> Slots<T> {
    fn of(taken: Vec<(T, i32)>) -> Self {
        let mut slots: HashMap<T, HashSet<i32>> = HashMap::new();
        for (of, slot) in taken {
            slots.entry(of).or_default().insert(slot);
        }
        Self(slots)
    }

    /// The lowest that is free, not below `from`.
    fn take(&mut self, of: T, from: i32) -> i32 {
        let taken = self.0.entry(of).or_default();
        let slot = (from..).find(|slot| !taken.contains(slot)).unwrap_or(i32::MAX);
        taken.insert(slot);
        slot
    }
}
