//! An access token to the caller it stands for: one statement per request, which sees the session and its holder as they are now.

use entity::states::{StaffRole, SubjectKind};
use entity::{member, session, staff, staff_store};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::access_token::{self, Claims};
use super::{MemberCaller, require_active_member, require_active_staff};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StoreId;
use crate::refusal::Refusal;
use crate::staff::{StaffCaller, StoreScope};

/// # Refuses
/// `member_disabled`
pub async fn authenticate_member(ctx: &Context, token: &str) -> Result<MemberCaller> {
    let claims = claims_of(ctx, token, SubjectKind::Member)?;
    let of_session =
        member::Entity::belongs_to(session::Entity).from(member::Column::Id).to(session::Column::SubjectId);
    let member = member::Entity::find()
        .join(JoinType::InnerJoin, of_session.into())
        .filter(session_stands(&claims))
        .one(ctx.db.read())
        .await?
        .ok_or(Error::Unauthenticated)?;
    Ok(MemberCaller { member: require_active_member(member)?, session_id: claims.sid })
}

/// # Refuses
/// `staff_disabled`, `password_change_required`
pub async fn authenticate_staff(ctx: &Context, token: &str) -> Result<StaffCaller> {
    let (caller, staff) = authenticate_staff_in_any_case(ctx, token).await?;
    if staff.must_change_password { Err(Refusal::PasswordChangeRequired.into()) } else { Ok(caller) }
}

/// Also who still has the one-time password: for the two operations that change it and tell of it.
///
/// # Refuses
/// `staff_disabled`
pub async fn authenticate_staff_in_any_case(
    ctx: &Context,
    token: &str,
) -> Result<(StaffCaller, staff::Model)> {
    let claims = claims_of(ctx, token, SubjectKind::Staff)?;
    let of_session =
        staff::Entity::belongs_to(session::Entity).from(staff::Column::Id).to(session::Column::SubjectId);
    let with_stores = staff::Entity::belongs_to(staff_store::Entity)
        .from(staff::Column::Id)
        .to(staff_store::Column::StaffId);
    let rows = staff::Entity::find()
        .join(JoinType::InnerJoin, of_session.into())
        .join(JoinType::LeftJoin, with_stores.into())
        .select_also(staff_store::Entity)
        .filter(session_stands(&claims))
        .all(ctx.db.read())
        .await?;
    let stores = rows.iter().filter_map(|(_, limit)| limit.as_ref()).map(|limit| limit.store_id).collect();
    let staff = rows.into_iter().next().ok_or(Error::Unauthenticated)?.0;
    let staff = require_active_staff(staff)?;
    let stores = scope(staff.role, stores);
    Ok((StaffCaller { id: staff.id, session_id: claims.sid, role: staff.role, stores }, staff))
}

/// No store means all of them, and an owner is never limited.
fn scope(role: StaffRole, stores: Vec<StoreId>) -> StoreScope {
    if role == StaffRole::Owner || stores.is_empty() { StoreScope::All } else { StoreScope::Only(stores) }
}

fn claims_of(ctx: &Context, token: &str, kind: SubjectKind) -> Result<Claims> {
    let claims = access_token::read(ctx, token)?;
    if claims.kind == kind { Ok(claims) } else { Err(Error::Unauthenticated) }
}

fn session_stands(claims: &Claims) -> Expr {
    session::Column::Id
        .eq(claims.sid)
        .and(session::Column::SubjectId.eq(claims.sub))
        .and(session::Column::SubjectKind.eq(claims.kind))
        .and(session::Column::RevokedAt.is_null())
}
