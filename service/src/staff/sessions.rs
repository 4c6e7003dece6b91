//! A staff member's own sessions: which devices are signed in, and ending them. An owner ends those of others with their password,
//! their second factor or their account.

use entity::session as session_row;

use super::StaffCaller;
use crate::context::Context;
use crate::error::Result;
use crate::ids::SessionId;
use crate::page::{Page, PageRequest};
use crate::session::{self, Subject};

const ENDED: &str = "ended_by_staff";

pub struct StaffSession {
    pub session: session_row::Model,
    /// The one that asks.
    pub current: bool,
}

/// Those that can still be used, newest first.
pub async fn list_staff_sessions(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<StaffSession>> {
    let page = session::list_usable(ctx, Subject::Staff(caller.id), page).await?;
    Ok(page.map(|session| StaffSession { current: session.id == caller.session_id, session }))
}

/// Ends one's own session; ending it again changes nothing.
pub async fn end_staff_session(ctx: &Context, caller: &StaffCaller, id: SessionId) -> Result<()> {
    session::end_of(ctx, Subject::Staff(caller.id), id, ENDED).await
}

/// Ends all of one's sessions but the one that asks.
pub async fn end_other_staff_sessions(ctx: &Context, caller: &StaffCaller) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let kept = (Subject::Staff(caller.id), caller.session_id);
    session::revoke_others(ctx, &txn, kept, ENDED).await?;
    txn.commit().await?;
    Ok(())
}
