//! An access token to the caller it stands for. The session and its holder are read as they are now; those that are asked for at the
//! same moment by one statement.

use std::collections::HashMap;

use entity::states::SubjectKind;
use entity::{member, session};
use sea_orm::{EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect};

use super::{MemberCaller, access_token, require_active_member, stand};
use crate::context::Context;
use crate::crowding;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::SessionId;
use crate::together::{Together, answer_each};

/// From sessions that stand to whom they belong.
pub type MemberLookUps = Together<SessionId, Result<member::Model>>;

/// # Refuses
/// `member_disabled`
pub async fn authenticate_member(ctx: &Context, token: &str) -> Result<MemberCaller> {
    let session_id = access_token::read(ctx, token, SubjectKind::Member)?.sid;
    let db = ctx.db.clone();
    let look_up = ctx.member_look_ups.ask(session_id, move |ids| look_up(db.clone(), ids));
    let member = crowding::watch(ctx, crowding::Wait::Session, look_up).await??;
    Ok(MemberCaller { member: require_active_member(member)?, session_id })
}

async fn look_up(db: Db, ids: Vec<SessionId>) -> Vec<Result<member::Model>> {
    let found = holders(&db, &ids).await;
    answer_each(ids, found, |holders, id| holders.get(&id).cloned().ok_or(Error::Unauthenticated))
}

/// Whose a session is, its row says: a member who was merged has left theirs to another.
async fn holders(db: &Db, ids: &[SessionId]) -> Result<HashMap<SessionId, member::Model>> {
    #[derive(FromQueryResult)]
    struct Row {
        session_id: SessionId,
        #[sea_orm(nested)]
        member: member::Model,
    }
    let of_session =
        member::Entity::belongs_to(session::Entity).from(member::Column::Id).to(session::Column::SubjectId);
    let rows = member::Entity::find()
        .column_as(session::Column::Id, "session_id")
        .join(JoinType::InnerJoin, of_session.into())
        .filter(stand(db.backend(), SubjectKind::Member, ids))
        .into_model::<Row>()
        .all(db.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.session_id, row.member)).collect())
}
