//! A member's values: read with what they are values of, and changed by the member or by staff.

use std::collections::{BTreeMap, HashMap};

use entity::{attribute, member_attribute};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use super::define::choices_of;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::{AttributeId, MemberId};
use crate::member::{self, attribute_value as rules};
use crate::redirect;
use crate::session::{self, MemberCaller};
use crate::staff::{Permission, StaffCaller};

/// Attributes with the member's value of each, null where there is none.
pub type Values = Vec<(attribute::Model, Value)>;
/// By key; null clears.
type Changes = BTreeMap<String, Value>;

pub async fn my_attributes(ctx: &Context, caller: &MemberCaller) -> Result<Values> {
    values_of(ctx.db.read(), caller.member.id).await
}

pub async fn member_attributes(ctx: &Context, caller: &StaffCaller, id: MemberId) -> Result<Values> {
    caller.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), id).await?;
    let member = member.filter(member::is_present).ok_or(Error::NotFound("member"))?;
    values_of(ctx.db.read(), member.id).await
}

/// Only those that members may edit.
///
/// # Refuses
/// `member_disabled`
pub async fn change_my_attributes(ctx: &Context, caller: &MemberCaller, changes: Changes) -> Result<Values> {
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(member::lock_present(&txn, caller.member.id).await?)?;
    apply(ctx, &txn, (member.id, Actor::Member(member.id)), changes).await?;
    let values = values_of(&txn, member.id).await?;
    txn.commit().await?;
    Ok(values)
}

pub async fn change_member_attributes(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    changes: Changes,
) -> Result<Values> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    let id = member::lock_present(&txn, id).await?.id;
    let keys: Vec<_> = changes.keys().cloned().collect();
    apply(ctx, &txn, (id, caller.actor()), changes).await?;
    let act = Act {
        actor: caller.actor(),
        action: "member.change_attributes",
        subject: ("member", id.to_string()),
        detail: serde_json::json!({ "keys": keys }),
    };
    audit::record(ctx, &txn, act).await?;
    let values = values_of(&txn, id).await?;
    txn.commit().await?;
    Ok(values)
}

async fn standing(connection: &impl ConnectionTrait) -> Result<Vec<attribute::Model>> {
    Ok(attribute::Entity::find()
        .filter(attribute::Column::ArchivedAt.is_null())
        .order_by_asc(attribute::Column::Id)
        .all(connection)
        .await?)
}

async fn values_of(connection: &impl ConnectionTrait, id: MemberId) -> Result<Values> {
    let rows = member_attribute::Entity::find()
        .filter(member_attribute::Column::MemberId.eq(id))
        .all(connection)
        .await?;
    let rows: HashMap<AttributeId, String> =
        rows.into_iter().map(|row| (row.attribute_id, row.value)).collect();
    let shown = |attribute: attribute::Model| {
        let value = rows.get(&attribute.id).map_or(Value::Null, |text| rules::show(attribute.kind, text));
        (attribute, value)
    };
    Ok(standing(connection).await?.into_iter().map(shown).collect())
}

/// All of the changes, or none and what is wrong with each.
async fn apply(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (id, actor): (MemberId, Actor),
    changes: Changes,
) -> Result<()> {
    let attributes: HashMap<String, attribute::Model> =
        standing(txn).await?.into_iter().map(|row| (row.key.clone(), row)).collect();
    let mut errors = Vec::new();
    for (key, value) in changes {
        let wrong = |message: String| FieldError { field: format!("values.{key}"), message };
        let Some(attribute) = attributes.get(&key) else {
            errors.push(wrong("is no attribute".to_owned()));
            continue;
        };
        if matches!(actor, Actor::Member(_)) && !attribute.editable_by_member {
            errors.push(wrong("can't be changed by members".to_owned()));
        } else if value.is_null() {
            member_attribute::Entity::delete_by_id((id, attribute.id)).exec(txn).await?;
        } else {
            match rules::parse(attribute.kind, &choices_of(attribute)?, &value) {
                Ok(kept) => save(ctx, txn, (id, attribute.id), kept).await?,
                Err(message) => errors.push(wrong(message)),
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

async fn save(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (member_id, attribute_id): (MemberId, AttributeId),
    kept: rules::Kept,
) -> Result<()> {
    use member_attribute::Column;
    let row = member_attribute::ActiveModel {
        member_id: Set(member_id),
        attribute_id: Set(attribute_id),
        value: Set(kept.text),
        number: Set(kept.number),
        updated_at: Set(ctx.now()),
    };
    let newest = OnConflict::columns([Column::MemberId, Column::AttributeId])
        .update_columns([Column::Value, Column::Number, Column::UpdatedAt])
        .to_owned();
    member_attribute::Entity::insert(row).on_conflict(newest).exec_without_returning(txn).await?;
    Ok(())
}
