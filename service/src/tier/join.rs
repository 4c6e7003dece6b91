//! The tier of two members who become one: the higher of both stays, with what it knows of its misses and its end.

use entity::states::TierMove;
use entity::{tier_change, tier_standing};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};

use super::standing::{self, Place, Standing};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;

/// With both members locked. Of one tier that both have, the standing of who stays stands, frozen as long as either was. Answers
/// whether there was a standing to take over.
pub async fn join(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (kept, gone): (MemberId, MemberId),
) -> Result<u64> {
    let Some(held) = tier_standing::Entity::find_by_id(gone).one(txn).await? else { return Ok(0) };
    tier_standing::Entity::delete_by_id(gone).exec(txn).await?;
    let Some(place) = standing::place_of(txn, kept).await? else { return Ok(0) };
    let of_gone = place.ladder.iter().position(|tier| tier.id == held.tier_id).unwrap_or(0);
    if of_gone > place.current {
        let standing = Standing { member_id: kept, updated_at: ctx.now(), ..held };
        note(ctx, txn, &place, &standing).await?;
        standing::write_standing(txn, standing).await?;
    } else if of_gone == place.current {
        let own = place.standing.unwrap_or(Standing { member_id: kept, ..held.clone() });
        let frozen_until = own.frozen_until.max(held.frozen_until);
        standing::write_standing(txn, Standing { frozen_until, updated_at: ctx.now(), ..own }).await?;
    }
    Ok(1)
}

/// The history tells where the tier came from; its coupons and its message came with it when it was earned.
async fn note(ctx: &Context, txn: &DatabaseTransaction, place: &Place, standing: &Standing) -> Result<()> {
    let row = tier_change::Model {
        id: ctx.new_id(),
        member_id: standing.member_id,
        from_tier_id: place.tier().map(|tier| tier.id),
        to_tier_id: standing.tier_id,
        kind: TierMove::Merge,
        note: None,
        actor_kind: Actor::System.kind().to_owned(),
        actor_id: None,
        created_at: ctx.now(),
    };
    tier_change::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(txn).await?;
    Ok(())
}
