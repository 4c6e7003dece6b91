//! An access token whose session nobody has looked up yet: for use cases that decide many requests together and look the
//! sessions up together too.

use std::collections::HashMap;

use entity::session;
use entity::states::SubjectKind;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{access_token, stand};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, SessionId};

/// Signed by us and not past its time. Whether the session still stands, and whose it is today, is for [`standing`] to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberToken {
    /// Who signed in; they may have been merged into somebody else since.
    pub member_id: MemberId,
    pub session_id: SessionId,
}

impl MemberToken {
    pub fn read(ctx: &Context, token: &str) -> Result<Self> {
        let claims = access_token::read(ctx, token, SubjectKind::Member)?;
        Ok(Self { member_id: MemberId(claims.sub), session_id: claims.sid })
    }
}

/// The sessions of `tokens` that are not revoked, and whose each is, by one statement.
pub(crate) async fn standing(
    connection: &impl ConnectionTrait,
    tokens: &[MemberToken],
) -> Result<HashMap<SessionId, MemberId>> {
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<SessionId> = tokens.iter().map(|token| token.session_id).collect();
    let rows: Vec<(SessionId, Uuid)> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(session::Column::SubjectId)
        .filter(stand(connection.get_database_backend(), SubjectKind::Member, &ids))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|(session_id, subject)| (session_id, MemberId(subject))).collect())
}

/// For a request that is refused before any use case looks at the session.
pub async fn require_standing(ctx: &Context, token: MemberToken) -> Result<()> {
    let standing = standing(ctx.db.read(), &[token]).await?;
    if standing.contains_key(&token.session_id) { Ok(()) } else { Err(Error::Unauthenticated) }
}
