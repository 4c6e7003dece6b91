//! The append-only record of every move of a coupon, written in the transaction of the move.

use entity::coupon_event;
use entity::states::CouponState;
use sea_orm::DatabaseTransaction;

use crate::audit::Actor;
use crate::context::Context;
use crate::db;
use crate::error::Result;
use crate::ids::CouponId;

pub struct Move {
    pub coupon_id: CouponId,
    pub from: Option<CouponState>,
    pub to: CouponState,
    pub reason: Option<String>,
    pub actor: Actor,
}

pub async fn record(ctx: &Context, txn: &DatabaseTransaction, moves: Vec<Move>) -> Result<()> {
    let rows = moves.into_iter().map(|one| coupon_event::Model {
        id: ctx.new_id(),
        coupon_id: one.coupon_id,
        from_state: one.from,
        to_state: one.to,
        reason: one.reason,
        actor_kind: one.actor.kind().to_owned(),
        actor_id: one.actor.id(),
        created_at: ctx.now(),
    });
    db::insert_all::<coupon_event::Entity>(txn, rows.collect()).await?;
    Ok(())
}
