//! Sessions of members and staff: short signed access tokens, rotating refresh tokens kept hashed.

use entity::member;

use crate::ids::SessionId;

/// A signed-in member, read afresh at each request, so that a disabled one is refused at once.
#[derive(Debug, Clone)]
pub struct MemberCaller {
    pub member: member::Model,
    pub session_id: SessionId,
}
