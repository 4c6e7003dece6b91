//! Changing a store. The code stays: imports and tills know the store by it.

use entity::states::StoreState;
use entity::store;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect};

use super::{address, name, zone};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StoreId;
use crate::staff::{Permission, StaffCaller};

/// None leaves a field as it is; `Some(None)` clears it.
#[derive(Debug, Default)]
pub struct ChangeStore {
    pub name: Option<String>,
    pub zone: Option<Option<String>>,
    pub address: Option<Option<String>>,
    pub state: Option<StoreState>,
}

pub async fn change_store(
    ctx: &Context,
    caller: &StaffCaller,
    id: StoreId,
    change: ChangeStore,
) -> Result<store::Model> {
    caller.require(Permission::WriteStores)?;
    let txn = ctx.db.begin().await?;
    let store = store::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
    let store = store.ok_or(Error::NotFound("store"))?;
    let before = store.clone();
    let mut row = store.into_active_model();
    if let Some(new) = change.name {
        row.name = Set(name(&new)?);
    }
    if let Some(new) = change.zone {
        row.zone = Set(new.as_deref().map(zone).transpose()?);
    }
    if let Some(new) = change.address {
        row.address = Set(new.as_deref().map(address).transpose()?);
    }
    if let Some(new) = change.state {
        row.state = Set(new);
    }
    // Nothing to write is not an error, but sea-orm's UPDATE of no column is.
    if !row.is_changed() {
        return Ok(before);
    }
    let store = row.update(&txn).await?;
    let act = Act {
        actor: caller.actor(),
        action: "store.change",
        subject: ("store", id.to_string()),
        detail: serde_json::json!({
            "name": store.name, "zone": store.zone, "address": store.address, "state": store.state.as_str(),
        }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(store)
}
