//! Sessions of members and staff: short signed access tokens, rotating refresh tokens kept hashed.
//!
//! The session's row is the truth: a token whose session is revoked, or whose holder is no longer active, is worth nothing
//! from the next request on. Invariants: at most one unused refresh token per session; a used one that comes back
//! revokes the session. Written by sign-in, refresh, sign-out, and by whoever disables a member or a staff account.

pub(crate) mod access_token;
mod authenticate_member;
mod device;
mod member_token;
mod mine;
mod open;
mod refresh;
mod revoke;

use entity::{member, session, staff};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DbBackend};

pub use authenticate_member::{MemberLookUps, authenticate_member};
pub use device::label as device_label;
pub use member_token::{MemberToken, require_standing};
pub use mine::{MySession, end_other_sessions, end_session, list_sessions};
pub use refresh::{Refreshed, refresh};
pub use revoke::sign_out;
pub(crate) use {
    member_token::standing,
    mine::{end_of, list_usable},
    open::{open, open_all},
    revoke::{revoke_all, revoke_others},
};

use crate::db;
use crate::error::{Error, Result};
use crate::ids::{MemberId, SessionId, StaffId};
use crate::refusal::Refusal;
use entity::states::{MemberState, StaffState, SubjectKind};

/// A signed-in member, read afresh at each request, so that a disabled one is refused at once.
#[derive(Debug, Clone)]
pub struct MemberCaller {
    pub member: member::Model,
    pub session_id: SessionId,
}

/// Where a request comes from: the address that limits are counted by, and what the device calls itself.
#[derive(Debug, Clone)]
pub struct Client {
    pub address: String,
    pub device: Option<String>,
    /// What the app keeps to know its device again (`X-Device-Id`); the client's word.
    pub device_id: Option<String>,
}

/// What a client carries away from a sign-in.
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
    pub session_id: SessionId,
}

/// Whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Member(MemberId),
    Staff(StaffId),
}

impl Subject {
    fn kind(self) -> SubjectKind {
        match self {
            Self::Member(_) => SubjectKind::Member,
            Self::Staff(_) => SubjectKind::Staff,
        }
    }

    fn id(self) -> uuid::Uuid {
        match self {
            Self::Member(id) => id.0,
            Self::Staff(id) => id.0,
        }
    }
}

/// The sessions among `ids` that are of this kind and not revoked.
pub(crate) fn stand(backend: DbBackend, kind: SubjectKind, ids: &[SessionId]) -> Expr {
    db::is_any(backend, session::Column::Id, ids.iter().copied())
        .and(session::Column::SubjectKind.eq(kind))
        .and(session::Column::RevokedAt.is_null())
}

/// # Refuses
/// `member_disabled`
pub(crate) fn require_active_member(member: member::Model) -> Result<member::Model> {
    match member.state {
        MemberState::Active => Ok(member),
        MemberState::Disabled => Err(Refusal::MemberDisabled.into()),
        MemberState::Deleted | MemberState::Merged => Err(Error::Unauthenticated),
    }
}

/// # Refuses
/// `staff_disabled`
pub(crate) fn require_active_staff(staff: staff::Model) -> Result<staff::Model> {
    match staff.state {
        StaffState::Active => Ok(staff),
        StaffState::Disabled => Err(Refusal::StaffDisabled.into()),
    }
}
