//! Who may work at which till: staff with the permission to serve, at a store of theirs that is open.

use entity::states::StoreState;
use entity::store;
use sea_orm::EntityTrait;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StoreId;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// # Refuses
/// `store_not_permitted`
pub fn require(staff: &StaffCaller, store_id: StoreId) -> Result<()> {
    staff.require(Permission::ServeMembers)?;
    staff.require_store(store_id)
}

/// # Refuses
/// `store_not_permitted`, `store_closed`
pub async fn require_open(ctx: &Context, staff: &StaffCaller, store_id: StoreId) -> Result<store::Model> {
    require(staff, store_id)?;
    open(store::Entity::find_by_id(store_id).one(ctx.db.read()).await?)
}

/// The store of a till that somebody works at.
///
/// # Refuses
/// `store_closed`
pub fn open(store: Option<store::Model>) -> Result<store::Model> {
    let store = store.ok_or(Error::NotFound("store"))?;
    match store.state {
        StoreState::Open => Ok(store),
        StoreState::Closed => Err(Refusal::StoreClosed.into()),
    }
}
