//! Raises a member at once when settled purchases earn a higher tier.

use entity::states::TierMove;
use sea_orm::DatabaseTransaction;

use super::policy;
use super::rules;
use super::standing::{self, Change, Span};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, TierId};
use crate::points;

/// The tier that purchases of before have earned, without a message and without the tier's coupons. Under the member's lock.
pub async fn place_imported(ctx: &Context, txn: &DatabaseTransaction, member_id: MemberId) -> Result<()> {
    raise(ctx, txn, member_id, TierMove::Import).await
}

/// A tier that the member brings along from an older system; one that has a tier already keeps it. Under the member's lock.
pub async fn bring_tier(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (member_id, tier_id): (MemberId, TierId),
) -> Result<()> {
    let Some(place) = standing::place_of(txn, member_id).await? else { return Ok(()) };
    let to = place.ladder.iter().position(|tier| tier.id == tier_id);
    let (Some(to), None) = (to, &place.standing) else { return Ok(()) };
    let change = Change {
        member_id,
        to,
        kind: TierMove::Import,
        frozen_until: None,
        note: None,
        actor: Actor::System,
    };
    standing::change(ctx, txn, &place, change).await.map(|_| ())
}

/// Under the member's lock. Harmless twice: the second time the member is where they belong. A tier that is frozen stays; nobody
/// falls here, that is the monthly check's.
pub async fn reassess(ctx: &Context, txn: &DatabaseTransaction, member_id: MemberId) -> Result<()> {
    raise(ctx, txn, member_id, TierMove::Upgrade).await
}

async fn raise(ctx: &Context, txn: &DatabaseTransaction, member_id: MemberId, kind: TierMove) -> Result<()> {
    let Some(place) = standing::place_of(txn, member_id).await? else { return Ok(()) };
    if place.is_frozen(ctx.now()) {
        return Ok(());
    }
    let policy = policy::load(txn).await?;
    let return_days = points::load_policy(txn).await?.return_days;
    let span = Span::at(ctx, (&policy, return_days), place.standing.as_ref(), ctx.now());
    let numbers = standing::numbers(txn, member_id, span).await?;
    let deserved = rules::deserved(&place.ladder, numbers.counted(policy.counts), policy.need);
    if deserved > place.current {
        let change =
            Change { member_id, to: deserved, kind, frozen_until: None, note: None, actor: Actor::System };
        standing::change(ctx, txn, &place, change).await?;
    } else if deserved == place.current
        && let Some(row) = place.standing.filter(|row| row.ends_at.is_some() || row.misses > 0)
    {
        standing::write_standing(
            txn,
            standing::Standing { misses: 0, ends_at: None, updated_at: ctx.now(), ..row },
        )
        .await?;
    }
    Ok(())
}
