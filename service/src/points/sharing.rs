//! Points for a share. It ships off: the platform forbids it (see [`policy::SHARING_WARNING`]). Where the brand has turned it on, the
//! first share of a day counts.

use entity::states::PointsKind;

use super::acts::{self, Gift};
use super::join;
use super::ledger;
use super::policy;
use crate::audit::Actor;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::refusal::Refusal;

/// The points that it gave: 0 for a second share of the day.
///
/// # Refuses
/// `sharing_off`
pub async fn report_share(ctx: &Context, member_id: MemberId) -> Result<i64> {
    let txn = ctx.db.begin().await?;
    let sharing = policy::load(&txn).await?.sharing;
    if !sharing.enabled {
        return Err(Refusal::SharingOff.into());
    }
    let member_id = ledger::lock(&txn, member_id).await?;
    let day = calendar::local_date(ctx.now(), ctx.settings.timezone);
    // Also by a record that was merged into the member since.
    if join::is_written_of_any(&txn, (member_id, PointsKind::Sharing), &format!(":{day}")).await? {
        return Ok(0);
    }
    let gift = Gift {
        member_id,
        kind: PointsKind::Sharing,
        business_id: format!("{member_id}:{day}"),
        points: sharing.points,
        actor: Actor::Member(member_id),
        reason: None,
    };
    acts::give(ctx, &txn, gift).await?;
    txn.commit().await?;
    Ok(sharing.points)
}
