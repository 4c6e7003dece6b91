//! Changing an account: name, role, stores, state. All active owners are locked first, so that two requests at once
//! can't take the last one away between them.

use entity::staff;
use entity::states::{StaffRole, StaffState};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::admin::{check_stores, name, record, set_stores};
use super::list::{StaffRecord, stores_of};
use super::{Permission, StaffCaller};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{StaffId, StoreId};
use crate::refusal::Refusal;
use crate::session::{self, Subject};

/// None leaves a field as it is.
#[derive(Debug, Default)]
pub struct ChangeStaff {
    pub name: Option<String>,
    pub role: Option<StaffRole>,
    pub state: Option<StaffState>,
    pub store_ids: Option<Vec<StoreId>>,
}

/// # Refuses
/// `last_owner`
pub async fn change_staff(
    ctx: &Context,
    caller: &StaffCaller,
    id: StaffId,
    change: ChangeStaff,
) -> Result<StaffRecord> {
    caller.require(Permission::WriteStaff)?;
    let new_name = change.name.as_deref().map(name).transpose()?;
    let txn = ctx.db.begin().await?;
    let owners = lock_active_owners(&txn).await?;
    let staff = staff::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
    let staff = staff.ok_or(Error::NotFound("staff"))?;
    let role = change.role.unwrap_or(staff.role);
    let state = change.state.unwrap_or(staff.state);
    if owners == [id] && (role != StaffRole::Owner || state != StaffState::Active) {
        return Err(Refusal::LastOwner.into());
    }
    let disabled_now = staff.state == StaffState::Active && state == StaffState::Disabled;
    let store_ids = match change.store_ids {
        // Whoever becomes an owner sheds the limits.
        None if role == StaffRole::Owner => Vec::new(),
        None => stores_of(&txn, &[id]).await?.into_iter().map(|limit| limit.store_id).collect(),
        Some(store_ids) => store_ids,
    };
    check_stores(&txn, role, &store_ids).await?;
    set_stores(&txn, id, &store_ids).await?;
    let mut row = staff.into_active_model();
    if let Some(new_name) = new_name {
        row.name = Set(new_name);
    }
    row.role = Set(role);
    row.state = Set(state);
    row.updated_at = Set(ctx.now());
    let staff = row.update(&txn).await?;
    if disabled_now {
        session::revoke_all(ctx, &txn, Subject::Staff(id), "staff_disabled").await?;
    }
    let detail = serde_json::json!({
        "name": staff.name, "role": role.as_str(), "state": state.as_str(), "store_ids": store_ids,
    });
    record(ctx, &txn, caller, ("staff.change", id, detail)).await?;
    txn.commit().await?;
    Ok(StaffRecord { staff, store_ids })
}

async fn lock_active_owners(txn: &impl ConnectionTrait) -> Result<Vec<StaffId>> {
    let owners = staff::Entity::find()
        .filter(staff::Column::Role.eq(StaffRole::Owner).and(staff::Column::State.eq(StaffState::Active)))
        .order_by_asc(staff::Column::Id)
        .lock_exclusive()
        .all(txn)
        .await?;
    Ok(owners.into_iter().map(|owner| owner.id).collect())
}
