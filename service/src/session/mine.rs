//! A member's own sessions: which devices are signed in, and ending them.

use std::collections::HashMap;

use entity::states::SubjectKind;
use entity::{session, sign_in_event};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::revoke::{revoke, revoke_others};
use super::{MemberCaller, Subject};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, SessionId};
use crate::page::{Page, PageRequest};

/// A session that stands, with how it began.
pub struct MySession {
    pub session: session::Model,
    pub sign_in: Option<sign_in_event::Model>,
    /// The one that asks.
    pub current: bool,
}

/// Those that stand, newest first.
pub async fn list_sessions(
    ctx: &Context,
    caller: &MemberCaller,
    page: &PageRequest,
) -> Result<Page<MySession>> {
    let mut query = session::Entity::find()
        .filter(is_of(caller.member.id).and(session::Column::RevokedAt.is_null()))
        .order_by_desc(session::Column::Id)
        .limit(page.limit() + 1);
    if let Some(before) = page.after::<SessionId>()? {
        query = query.filter(session::Column::Id.lt(before));
    }
    let rows = query.all(ctx.db.read()).await?;
    let begun = sign_in_event::Entity::find()
        .filter(sign_in_event::Column::MemberId.eq(caller.member.id))
        .filter(sign_in_event::Column::SessionId.is_in(rows.iter().map(|row| row.id)))
        .all(ctx.db.read())
        .await?;
    let mut begun: HashMap<SessionId, sign_in_event::Model> =
        begun.into_iter().filter_map(|row| Some((row.session_id?, row))).collect();
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    Ok(page.map(|session| MySession {
        sign_in: begun.remove(&session.id),
        current: session.id == caller.session_id,
        session,
    }))
}

/// Ends one of the member's sessions; ending it again changes nothing.
pub async fn end_session(ctx: &Context, caller: &MemberCaller, id: SessionId) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let mine = session::Entity::find_by_id(id).filter(is_of(caller.member.id)).one(&txn).await?;
    mine.ok_or(Error::NotFound("session"))?;
    revoke(&txn, ctx.now(), id, "ended_by_member").await?;
    txn.commit().await?;
    Ok(())
}

/// Ends all of the member's sessions but the one that asks.
pub async fn end_other_sessions(ctx: &Context, caller: &MemberCaller) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let subject = Subject::Member(caller.member.id);
    revoke_others(ctx, &txn, (subject, caller.session_id), "ended_by_member").await?;
    txn.commit().await?;
    Ok(())
}

fn is_of(member: MemberId) -> Expr {
    session::Column::SubjectKind.eq(SubjectKind::Member).and(session::Column::SubjectId.eq(member.0))
}
