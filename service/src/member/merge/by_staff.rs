//! Staff merge two members whom no proof has merged, and read how members were merged.

use entity::{member, member_merge};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{MergeOrder, Merged, merge};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

const REASON_CHARACTERS: usize = 200;
/// Other merges that may come between ours and its locks.
const RACES: usize = 4;

pub struct MergeMembers {
    pub member_id: MemberId,
    pub other_id: MemberId,
    /// Why they are one person; it is kept.
    pub reason: String,
}

/// The member who stays. Once they are one, asking again changes nothing.
///
/// # Refuses
/// `member_disabled`
pub async fn merge_members(
    ctx: &Context,
    caller: &StaffCaller,
    command: MergeMembers,
) -> Result<member::Model> {
    caller.require(Permission::MergeMembers)?;
    let reason = text::line("reason", &command.reason, REASON_CHARACTERS)?;
    if command.member_id == command.other_id {
        return Err(Error::invalid("other_id", "is the member itself"));
    }
    for _ in 0..RACES {
        let txn = ctx.db.begin().await?;
        let members = (
            redirect::current(&txn, command.member_id).await?,
            redirect::current(&txn, command.other_id).await?,
        );
        if members.0 == members.1 {
            let row = member::Entity::find_by_id(members.0).one(&txn).await?;
            return row.filter(crate::member::is_present).ok_or(Error::NotFound("member"));
        }
        let order = MergeOrder { members, cause: "staff", actor: caller.actor(), reason: Some(&reason) };
        if let Merged::Into(member) = merge(ctx, &txn, order).await? {
            txn.commit().await?;
            return Ok(*member);
        }
        txn.rollback().await?;
    }
    Err(Refusal::RequestInProgress.into())
}

/// Who was merged into the member: when, why, by whom, and what moved.
pub async fn list_merges(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    page: &PageRequest,
) -> Result<Page<member_merge::Model>> {
    caller.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), id).await?;
    let member = member.filter(crate::member::is_present).ok_or(Error::NotFound("member"))?;
    let mut query = member_merge::Entity::find()
        .filter(member_merge::Column::CurrentId.eq(member.id))
        .order_by_asc(member_merge::Column::FromId)
        .limit(page.limit() + 1);
    if let Some(after) = page.after::<MemberId>()? {
        query = query.filter(member_merge::Column::FromId.gt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.from_id.0))
}
