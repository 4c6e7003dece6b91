//! An access token to the staff member it stands for. The session, the account and its stores are read as they are now; those that are
//! asked for at the same moment by one statement.

use std::collections::HashMap;

use entity::states::{StaffRole, SubjectKind};
use entity::{session as session_row, staff, staff_store};
use sea_orm::{EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect};

use super::{StaffCaller, StoreScope, second_factor};
use crate::context::Context;
use crate::crowding;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::{SessionId, StoreId};
use crate::refusal::Refusal;
use crate::session::{access_token, require_active_staff, stand};
use crate::together::{Together, answer_each};

/// From sessions that stand to whose they are, and the stores that these are limited to.
pub type StaffLookUps = Together<SessionId, Result<(staff::Model, Vec<StoreId>)>>;

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
    let session_id = access_token::read(ctx, token, SubjectKind::Staff)?.sid;
    let db = ctx.db.clone();
    let look_up = ctx.staff_look_ups.ask(session_id, move |ids| look_up(db.clone(), ids));
    let (staff, stores) = crowding::watch(ctx, crowding::Wait::Session, look_up).await??;
    let staff = require_active_staff(staff)?;
    let stores = scope(staff.role, stores);
    Ok((StaffCaller { id: staff.id, session_id, role: staff.role, stores }, staff))
}

async fn look_up(db: Db, ids: Vec<SessionId>) -> Vec<Result<(staff::Model, Vec<StoreId>)>> {
    let found = holders(&db, &ids).await;
    answer_each(ids, found, |holders, id| holders.get(&id).cloned().ok_or(Error::Unauthenticated))
}

async fn holders(db: &Db, ids: &[SessionId]) -> Result<HashMap<SessionId, (staff::Model, Vec<StoreId>)>> {
    #[derive(FromQueryResult)]
    struct Row {
        session_id: SessionId,
        #[sea_orm(nested)]
        staff: staff::Model,
        store_id: Option<StoreId>,
    }
    let of_session = staff::Entity::belongs_to(session_row::Entity)
        .from(staff::Column::Id)
        .to(session_row::Column::SubjectId);
    let with_stores = staff::Entity::belongs_to(staff_store::Entity)
        .from(staff::Column::Id)
        .to(staff_store::Column::StaffId);
    let rows = staff::Entity::find()
        .column_as(session_row::Column::Id, "session_id")
        .column_as(staff_store::Column::StoreId, "store_id")
        .join(JoinType::InnerJoin, of_session.into())
        .join(JoinType::LeftJoin, with_stores.into())
        .filter(stand(db.backend(), SubjectKind::Staff, ids))
        .into_model::<Row>()
        .all(db.read())
        .await?;
    let mut holders = HashMap::new();
    for row in rows {
        let (_, stores) = holders.entry(row.session_id).or_insert_with(|| (row.staff, Vec::new()));
        stores.extend(row.store_id);
    }
    Ok(holders)
}

/// No store means all of them, and an owner is never limited.
fn scope(role: StaffRole, stores: Vec<StoreId>) -> StoreScope {
    if role == StaffRole::Owner || stores.is_empty() { StoreScope::All } else { StoreScope::Only(stores) }
}
