//! An access token to the caller it stands for: one statement per request, which sees the session and its
//! holder as they are now.

use entity::states::SubjectKind;
use entity::{member, session};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::{MemberCaller, access_token, require_active_member};
use crate::context::Context;
use crate::error::{Error, Result};

/// # Refuses
/// `member_disabled`
pub async fn authenticate_member(ctx: &Context, token: &str) -> Result<MemberCaller> {
    let claims = access_token::read(ctx, token, SubjectKind::Member)?;
    let of_session =
        member::Entity::belongs_to(session::Entity).from(member::Column::Id).to(session::Column::SubjectId);
    let member = member::Entity::find()
        .join(JoinType::InnerJoin, of_session.into())
        .filter(claims.session_stands())
        .one(ctx.db.read())
        .await?
        .ok_or(Error::Unauthenticated)?;
    Ok(MemberCaller { member: require_active_member(member)?, session_id: claims.sid })
}
