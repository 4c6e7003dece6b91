//! A new tag.

use entity::tag;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, TryIntoModel};

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::Result;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

const NAME_CHARACTERS: usize = 32;

/// # Refuses
/// `name_taken`
pub async fn create_tag(ctx: &Context, caller: &StaffCaller, name: &str) -> Result<tag::Model> {
    caller.require(Permission::WriteMembers)?;
    let row = tag::ActiveModel {
        id: Set(ctx.new_id()),
        name: Set(text::line("name", name, NAME_CHARACTERS)?),
        created_at: Set(ctx.now()),
    };
    let tag: tag::Model = row.clone().try_into_model()?;
    let txn = ctx.db.begin().await?;
    let first_wins = OnConflict::column(tag::Column::Name).do_nothing().to_owned();
    if tag::Entity::insert(row).on_conflict(first_wins).exec_without_returning(&txn).await? == 0 {
        return Err(Refusal::NameTaken.into());
    }
    let act = Act {
        actor: caller.actor(),
        action: "tag.create",
        subject: ("tag", tag.id.to_string()),
        detail: serde_json::json!({ "name": tag.name }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(tag)
}
