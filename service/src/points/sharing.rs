//! Points for a share. It ships off: the platform forbids it (see [`policy::SHARING_WARNING`]). Where the brand has turned it on, the
//! first share of a day counts.

use entity::states::PointsKind;

use super::acts::{self, Gift};
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
    let day = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let gift = Gift {
        member_id,
        kind: PointsKind::Sharing,
        business_id: format!("{member_id}:{day}"),
        points: sharing.points,
        actor: Actor::Member(member_id),
        reason: None,
    };
    let given = acts::give(ctx, &txn, gift).await?;
    txn.commit().await?;
    Ok(if given { sharing.points } else { 0 })
}
