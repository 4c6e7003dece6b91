//! Disabling a membership and taking that back. Doing either twice changes nothing and leaves one audit row.

use entity::member;
use entity::states::MemberState;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

use super::lock_present;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::session::{self, Subject};
use crate::staff::{Permission, StaffCaller};

/// Ends the member's sessions; every path refuses them from now on.
pub async fn disable_member(ctx: &Context, caller: &StaffCaller, id: MemberId) -> Result<member::Model> {
    change_state(ctx, caller, id, (MemberState::Disabled, "member.disable")).await
}

pub async fn enable_member(ctx: &Context, caller: &StaffCaller, id: MemberId) -> Result<member::Model> {
    change_state(ctx, caller, id, (MemberState::Active, "member.enable")).await
}

async fn change_state(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    (state, action): (MemberState, &str),
) -> Result<member::Model> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    let member = lock_present(&txn, id).await?;
    let id = member.id;
    if member.state == state {
        return Ok(member);
    }
    let mut row = member.into_active_model();
    row.state = Set(state);
    row.updated_at = Set(ctx.now());
    let member = row.update(&txn).await?;
    if state == MemberState::Disabled {
        session::revoke_all(ctx, &txn, Subject::Member(id), "member_disabled").await?;
    }
    let act = Act {
        actor: caller.actor(),
        action,
        subject: ("member", id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(member)
}
