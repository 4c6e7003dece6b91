//! An access token to the staff member it stands for: one statement per request, which sees the session, the account and
//! its stores as they are now.

use entity::states::{StaffRole, SubjectKind};
use entity::{session as session_row, staff, staff_store};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect};

use super::{StaffCaller, StoreScope, second_factor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StoreId;
use crate::refusal::Refusal;
use crate::session::{access_token, require_active_staff};

/// # Refuses
/// `staff_disabled`, `password_change_required`, `second_factor_missing`
pub async fn authenticate_staff(ctx: &Context, token: &str) -> Result<StaffCaller> {
    let (caller, staff) = authenticate_staff_in_any_case(ctx, token).await?;
    if staff.must_change_password {
        return Err(Refusal::PasswordChangeRequired.into());
    }
    if second_factor::is_missing(ctx, &staff) {
        return Err(Refusal::SecondFactorMissing.into());
    }
    Ok(caller)
}

/// Also who still has the one-time password, or lacks the second factor: for the operations that mend it and tell of it.
///
/// # Refuses
/// `staff_disabled`
pub async fn authenticate_staff_in_any_case(
    ctx: &Context,
    token: &str,
) -> Result<(StaffCaller, staff::Model)> {
    let claims = access_token::read(ctx, token, SubjectKind::Staff)?;
    let of_session = staff::Entity::belongs_to(session_row::Entity)
        .from(staff::Column::Id)
        .to(session_row::Column::SubjectId);
    let with_stores = staff::Entity::belongs_to(staff_store::Entity)
        .from(staff::Column::Id)
        .to(staff_store::Column::StaffId);
    let rows = staff::Entity::find()
        .join(JoinType::InnerJoin, of_session.into())
        .join(JoinType::LeftJoin, with_stores.into())
        .select_also(staff_store::Entity)
        .filter(claims.session_stands())
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
