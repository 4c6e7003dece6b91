//! A new store.

use entity::states::StoreState;
use entity::store;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, TryIntoModel};

use super::{address, name, zone};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::Result;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

const CODE_CHARACTERS: usize = 32;

#[derive(Debug)]
pub struct CreateStore {
    pub code: String,
    pub name: String,
    /// None: the brand's zone.
    pub zone: Option<String>,
    pub address: Option<String>,
}

/// # Refuses
/// `code_taken`
pub async fn create_store(ctx: &Context, caller: &StaffCaller, command: CreateStore) -> Result<store::Model> {
    caller.require(Permission::WriteStores)?;
    let row = store::ActiveModel {
        id: Set(ctx.new_id()),
        code: Set(text::code("code", &command.code, CODE_CHARACTERS)?),
        name: Set(name(&command.name)?),
        zone: Set(command.zone.as_deref().map(zone).transpose()?),
        address: Set(command.address.as_deref().map(address).transpose()?),
        state: Set(StoreState::Open),
        created_at: Set(ctx.now()),
    };
    let store: store::Model = row.clone().try_into_model()?;
    let txn = ctx.db.begin().await?;
    let first_wins = OnConflict::column(store::Column::Code).do_nothing().to_owned();
    if store::Entity::insert(row).on_conflict(first_wins).exec_without_returning(&txn).await? == 0 {
        return Err(Refusal::CodeTaken.into());
    }
    let act = Act {
        actor: caller.actor(),
        action: "store.create",
        subject: ("store", store.id.to_string()),
        detail: serde_json::json!({ "code": store.code, "name": store.name }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(store)
}
