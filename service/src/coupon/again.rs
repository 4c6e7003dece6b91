//! A copy that stands in for another one: given to a friend, or given anew after a refund. It is good as long as the other one
//! and takes no stock, since the other one has.

use entity::coupon;
use entity::states::CouponState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};
use uuid::Uuid;

use super::event::{self, Move};
use super::issue::lock_template;
use super::{HeldCoupon, code, rules};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CouponId, MemberId};

/// Which of the member's slots it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// One that the limit leaves to this member.
    Free(MemberId),
    /// One beyond those that are taken: it replaces what the owner had.
    Extra,
}

/// The new copy; none when no slot is free. The same source again gets the copy that it made before. Locks the template.
pub(super) async fn issue(
    ctx: &Context,
    txn: &DatabaseTransaction,
    of: &HeldCoupon,
    (source, source_id): (&str, Uuid),
    slot: Slot,
) -> Result<Option<CouponId>> {
    let template = lock_template(txn, of.coupon.template_id).await?;
    let member_id = match slot {
        Slot::Free(member_id) => member_id,
        Slot::Extra => of.coupon.member_id,
    };
    let held = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(template.id))
        .filter(coupon::Column::MemberId.eq(member_id))
        .all(txn)
        .await?;
    if let Some(made) = held.iter().find(|copy| copy.source == source && copy.source_id == Some(source_id)) {
        return Ok(Some(made.id));
    }
    let slots: Vec<i32> = held.iter().map(|copy| copy.slot).collect();
    let free = match slot {
        Slot::Free(_) => rules::free_slot(&slots, template.limit_per_member),
        Slot::Extra => Some(slots.iter().copied().max().unwrap_or(0).max(template.limit_per_member) + 1),
    };
    let Some(free) = free else { return Ok(None) };
    let now = ctx.now();
    let row = coupon::Model {
        id: ctx.new_id(),
        member_id,
        slot: free,
        code: code::generate(),
        state: CouponState::Issued,
        source: source.to_owned(),
        source_id: Some(source_id),
        claimed_at: now,
        used_at: None,
        updated_at: now,
        locked_until: None,
        locked_order_no: None,
        ..of.coupon.clone()
    };
    let id = row.id;
    let inserted = coupon::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    if inserted == 0 {
        return Ok(None);
    }
    let reason = Some(source.to_owned());
    let moved = Move { coupon_id: id, from: None, to: CouponState::Issued, reason, actor: Actor::System };
    event::record(ctx, txn, vec![moved]).await?;
    Ok(Some(id))
}
