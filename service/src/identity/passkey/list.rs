//! A member's passkeys, and taking one away.

use entity::passkey;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::PasskeyId;
use crate::page::{Page, PageRequest};
use crate::session::MemberCaller;

/// Newest first.
pub async fn list_passkeys(
    ctx: &Context,
    caller: &MemberCaller,
    page: &PageRequest,
) -> Result<Page<passkey::Model>> {
    let mut query = passkey::Entity::find()
        .filter(passkey::Column::MemberId.eq(caller.member.id))
        .order_by_desc(passkey::Column::Id)
        .limit(page.limit() + 1);
    if let Some(before) = page.after::<PasskeyId>()? {
        query = query.filter(passkey::Column::Id.lt(before));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// It signs nobody in any more. One that is gone is not found.
pub async fn remove_passkey(ctx: &Context, caller: &MemberCaller, id: PasskeyId) -> Result<()> {
    let member_id = caller.member.id;
    let txn = ctx.db.begin().await?;
    let gone =
        passkey::Entity::delete_by_id(id).filter(passkey::Column::MemberId.eq(member_id)).exec(&txn).await?;
    if gone.rows_affected == 0 {
        return Err(Error::NotFound("passkey"));
    }
    let act = Act {
        actor: Actor::Member(member_id),
        action: "member.remove_passkey",
        subject: ("member", member_id.to_string()),
        detail: serde_json::json!({ "passkey_id": id }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}
