//! One's own sessions: which devices are signed in, and ending them. What a member's and a staff member's have in common
//! is here; [`crate::staff`] has its own calls.

use std::collections::HashMap;

use chrono::Duration;
use entity::{session, sign_in_event};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::revoke::{is_of, revoke, revoke_others};
use super::{MemberCaller, Subject};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::SessionId;
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
    let page = list_usable(ctx, Subject::Member(caller.member.id), page).await?;
    let begun = sign_in_event::Entity::find()
        .filter(sign_in_event::Column::MemberId.eq(caller.member.id))
        .filter(sign_in_event::Column::SessionId.is_in(page.items.iter().map(|row| row.id)))
        .all(ctx.db.read())
        .await?;
    let mut begun: HashMap<SessionId, sign_in_event::Model> =
        begun.into_iter().filter_map(|row| Some((row.session_id?, row))).collect();
    Ok(page.map(|session| MySession {
        sign_in: begun.remove(&session.id),
        current: session.id == caller.session_id,
        session,
    }))
}

/// Ends one of the member's sessions; ending it again changes nothing.
pub async fn end_session(ctx: &Context, caller: &MemberCaller, id: SessionId) -> Result<()> {
    end_of(ctx, Subject::Member(caller.member.id), id, "ended_by_member").await
}

/// Ends all of the member's sessions but the one that asks.
pub async fn end_other_sessions(ctx: &Context, caller: &MemberCaller) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let subject = Subject::Member(caller.member.id);
    revoke_others(ctx, &txn, (subject, caller.session_id), "ended_by_member").await?;
    txn.commit().await?;
    Ok(())
}

/// Those that are neither ended nor so long unused that their refresh token has expired, newest first.
pub(crate) async fn list_usable(
    ctx: &Context,
    subject: Subject,
    page: &PageRequest,
) -> Result<Page<session::Model>> {
    let oldest = ctx.now() - Duration::seconds(ctx.settings.sign_in.refresh_token_seconds);
    let mut query = session::Entity::find()
        .filter(is_of(subject).and(session::Column::RevokedAt.is_null()))
        .filter(session::Column::LastSeenAt.gt(oldest))
        .order_by_desc(session::Column::Id)
        .limit(page.limit() + 1);
    if let Some(before) = page.after::<SessionId>()? {
        query = query.filter(session::Column::Id.lt(before));
    }
    let rows = query.all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}

/// Ends one that is theirs; somebody else's does not exist.
pub(crate) async fn end_of(ctx: &Context, subject: Subject, id: SessionId, reason: &str) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let theirs = session::Entity::find_by_id(id).filter(is_of(subject)).one(&txn).await?;
    theirs.ok_or(Error::NotFound("session"))?;
    revoke(&txn, ctx.now(), id, reason).await?;
    txn.commit().await?;
    Ok(())
}
