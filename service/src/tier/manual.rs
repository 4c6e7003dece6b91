//! Staff give a member a tier by hand. Automatic moves stay away from it until a date.

use chrono::{DateTime, Utc};
use entity::states::{MemberState, TierMove};
use entity::{member, tier_change};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::standing::{self, Change};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, TierChangeId, TierId};
use crate::page::{Page, PageRequest};
use crate::points;
use crate::redirect;
use crate::staff::{Permission, StaffCaller};
use crate::text;

pub use entity::tier_change::Model as TierChange;

const LONGEST_REASON: usize = 200;

#[derive(Debug, Clone)]
pub struct SetTier {
    pub member_id: MemberId,
    pub tier_id: TierId,
    /// Until then no purchase and no check moves it.
    pub frozen_until: Option<DateTime<Utc>>,
    pub reason: String,
}

pub async fn set_tier(ctx: &Context, staff: &StaffCaller, command: SetTier) -> Result<TierChange> {
    staff.require(Permission::WriteMembers)?;
    let reason = text::line("reason", &command.reason, LONGEST_REASON)?;
    if command.frozen_until.is_some_and(|until| until <= ctx.now()) {
        return Err(Error::invalid("frozen_until", "lies in the past"));
    }
    let txn = ctx.db.begin().await?;
    let member_id = points::lock(&txn, command.member_id).await?;
    let member = member::Entity::find_by_id(member_id).one(&txn).await?;
    let present = |row: &member::Model| matches!(row.state, MemberState::Active | MemberState::Disabled);
    member.filter(present).ok_or(Error::NotFound("member"))?;
    let place = standing::place_of(&txn, member_id).await?.ok_or(Error::NotFound("tier"))?;
    let to = place.ladder.iter().position(|tier| tier.id == command.tier_id);
    let to = to.ok_or_else(|| Error::invalid("tier_id", "is no tier of the ladder"))?;
    let change = Change {
        member_id,
        to,
        kind: TierMove::Manual,
        frozen_until: command.frozen_until,
        note: Some(&reason),
        actor: staff.actor(),
    };
    let id = standing::change(ctx, &txn, &place, change).await?;
    let detail = serde_json::json!({
        "tier_id": command.tier_id, "frozen_until": command.frozen_until, "reason": reason,
    });
    let subject = ("member", member_id.to_string());
    audit::record(ctx, &txn, Act { actor: staff.actor(), action: "member.tier", subject, detail }).await?;
    let row = tier_change::Entity::find_by_id(id).one(&txn).await?;
    txn.commit().await?;
    row.ok_or(Error::NotFound("tier change"))
}

/// A member's moves from tier to tier, the latest first.
pub async fn list_changes(
    ctx: &Context,
    staff: &StaffCaller,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<TierChange>> {
    staff.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), member_id).await?;
    let member_id = member.ok_or(Error::NotFound("member"))?.id;
    let mut query = tier_change::Entity::find()
        .filter(tier_change::Column::MemberId.eq(member_id))
        .order_by_desc(tier_change::Column::Id);
    if let Some(after) = page.after::<TierChangeId>()? {
        query = query.filter(tier_change::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}
