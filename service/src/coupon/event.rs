//! The append-only record of every move of a coupon, written in the transaction of the move.

use entity::coupon_event;
use entity::states::CouponState;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::CouponId;

/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

pub struct Move {
    pub coupon_id: CouponId,
    pub from: Option<CouponState>,
    pub to: CouponState,
    pub reason: Option<String>,
    pub actor: Actor,
}

pub async fn record(ctx: &Context, connection: &impl ConnectionTrait, moves: Vec<Move>) -> Result<()> {
    let rows: Vec<_> = moves
        .into_iter()
        .map(|one| coupon_event::ActiveModel {
            id: Set(ctx.new_id()),
            coupon_id: Set(one.coupon_id),
            from_state: Set(one.from),
            to_state: Set(one.to),
            reason: Set(one.reason),
            actor_kind: Set(one.actor.kind().to_owned()),
            actor_id: Set(one.actor.id()),
            created_at: Set(ctx.now()),
        })
        .collect();
    for chunk in rows.chunks(INSERT_ROWS) {
        coupon_event::Entity::insert_many(chunk.to_vec()).exec_without_returning(connection).await?;
    }
    Ok(())
}
