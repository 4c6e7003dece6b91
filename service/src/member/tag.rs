//! A tag put on a member or taken off.

use entity::{member_tag, tag};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::lock_present;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, TagId};
use crate::staff::{Permission, StaffCaller};

pub async fn tag_member(
    ctx: &Context,
    caller: &StaffCaller,
    member_id: MemberId,
    tag_id: TagId,
) -> Result<()> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    let member_id = lock_present(&txn, member_id).await?.id;
    require_tag(&txn, tag_id).await?;
    let row = member_tag::ActiveModel {
        member_id: Set(member_id),
        tag_id: Set(tag_id),
        source: Set("staff".to_owned()),
        reason: Set(None),
        created_at: Set(ctx.now()),
    };
    let once = OnConflict::columns([member_tag::Column::MemberId, member_tag::Column::TagId])
        .do_nothing()
        .to_owned();
    if member_tag::Entity::insert(row).on_conflict(once).exec_without_returning(&txn).await? == 1 {
        record(ctx, &txn, caller, ("member.tag", member_id, tag_id)).await?;
    }
    txn.commit().await?;
    Ok(())
}

pub async fn untag_member(
    ctx: &Context,
    caller: &StaffCaller,
    member_id: MemberId,
    tag_id: TagId,
) -> Result<()> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    let member_id = lock_present(&txn, member_id).await?.id;
    require_tag(&txn, tag_id).await?;
    let gone = member_tag::Entity::delete_by_id((member_id, tag_id)).exec(&txn).await?;
    if gone.rows_affected == 1 {
        record(ctx, &txn, caller, ("member.untag", member_id, tag_id)).await?;
    }
    txn.commit().await?;
    Ok(())
}

async fn require_tag(txn: &impl ConnectionTrait, id: TagId) -> Result<()> {
    tag::Entity::find_by_id(id).one(txn).await?.map(|_| ()).ok_or(Error::NotFound("tag"))
}

async fn record(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    caller: &StaffCaller,
    (action, member_id, tag_id): (&str, MemberId, TagId),
) -> Result<()> {
    let act = Act {
        actor: caller.actor(),
        action,
        subject: ("member", member_id.to_string()),
        detail: serde_json::json!({ "tag_id": tag_id }),
    };
    audit::record(ctx, txn, act).await
}
