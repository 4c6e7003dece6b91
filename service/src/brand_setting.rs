//! What the brand has decided in the console: one row of `setting` for each matter, read with its defaults by who owns it.

use entity::setting;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::StaffCaller;

/// None: the brand never saved it.
pub(crate) async fn load<T: DeserializeOwned>(
    connection: &impl ConnectionTrait,
    name: &str,
) -> Result<Option<T>> {
    let row = setting::Entity::find_by_id(name).one(connection).await?;
    row.map(|row| serde_json::from_value(row.value)).transpose().map_err(Error::internal)
}

/// Writes what holds from now on, and into the audit log what held before and what holds.
pub(crate) async fn save<T: Serialize>(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    caller: &StaffCaller,
    (name, action): (&str, &str),
    (before, after): (&T, &T),
) -> Result<()> {
    let value = serde_json::to_value(after).map_err(Error::internal)?;
    let row = setting::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.clone()),
        updated_by: Set(Some(caller.id)),
        updated_at: Set(ctx.now()),
    };
    let newest = OnConflict::column(setting::Column::Name)
        .update_columns([setting::Column::Value, setting::Column::UpdatedBy, setting::Column::UpdatedAt])
        .to_owned();
    setting::Entity::insert(row).on_conflict(newest).exec_without_returning(txn).await?;
    let act = Act {
        actor: caller.actor(),
        action,
        subject: ("setting", name.to_owned()),
        detail: serde_json::json!({ "before": before, "after": value }),
    };
    audit::record(ctx, txn, act).await
}
