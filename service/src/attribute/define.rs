//! Attributes as the console defines them.

use entity::attribute;
use entity::states::AttributeKind;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect};

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::AttributeId;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

const KEY_CHARACTERS: usize = 40;
const LABEL_CHARACTERS: usize = 40;
const CHOICES: std::ops::RangeInclusive<usize> = 1..=50;

#[derive(Debug, Clone)]
pub struct AttributeDraft {
    pub key: String,
    pub label: String,
    pub kind: AttributeKind,
    /// Of a choice; empty otherwise.
    pub choices: Vec<String>,
    pub editable_by_member: bool,
}

/// None leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AttributeChange {
    pub label: Option<String>,
    /// May only grow.
    pub choices: Option<Vec<String>>,
    pub editable_by_member: Option<bool>,
    pub archived: Option<bool>,
}

/// # Refuses
/// `code_taken`
pub async fn create_attribute(
    ctx: &Context,
    caller: &StaffCaller,
    draft: AttributeDraft,
) -> Result<attribute::Model> {
    caller.require(Permission::WriteMembers)?;
    let choices = check_choices(draft.kind, draft.choices)?;
    let row = attribute::Model {
        id: ctx.new_id(),
        key: text::code("key", &draft.key, KEY_CHARACTERS)?,
        label: text::line("label", &draft.label, LABEL_CHARACTERS)?,
        kind: draft.kind,
        choices: serde_json::json!(choices),
        editable_by_member: draft.editable_by_member,
        archived_at: None,
        created_at: ctx.now(),
        updated_at: ctx.now(),
    };
    let txn = ctx.db.begin().await?;
    let inserted = attribute::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(attribute::Column::Key).do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if inserted == 0 {
        return Err(Refusal::CodeTaken.into());
    }
    audit::record(ctx, &txn, act(caller, "attribute.create", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

pub async fn change_attribute(
    ctx: &Context,
    caller: &StaffCaller,
    id: AttributeId,
    change: AttributeChange,
) -> Result<attribute::Model> {
    caller.require(Permission::WriteMembers)?;
    let txn = ctx.db.begin().await?;
    let before = attribute::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
    let before = before.ok_or(Error::NotFound("attribute"))?;
    let mut row = before.clone().into_active_model();
    if let Some(label) = change.label {
        row.label = Set(text::line("label", &label, LABEL_CHARACTERS)?);
    }
    if let Some(choices) = change.choices {
        let choices = check_choices(before.kind, choices)?;
        if choices_of(&before)?.iter().any(|old| !choices.contains(old)) {
            return Err(Error::invalid("choices", "may only be added to: members have chosen among them"));
        }
        row.choices = Set(serde_json::json!(choices));
    }
    if let Some(editable) = change.editable_by_member {
        row.editable_by_member = Set(editable);
    }
    if let Some(archived) = change.archived {
        row.archived_at = Set(archived.then(|| before.archived_at.unwrap_or_else(|| ctx.now())));
    }
    if !row.is_changed() {
        return Ok(before);
    }
    row.updated_at = Set(ctx.now());
    let row = row.update(&txn).await?;
    audit::record(ctx, &txn, act(caller, "attribute.change", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

pub(super) fn choices_of(row: &attribute::Model) -> Result<Vec<String>> {
    serde_json::from_value(row.choices.clone()).map_err(Error::internal)
}

fn check_choices(kind: AttributeKind, choices: Vec<String>) -> Result<Vec<String>> {
    if kind != AttributeKind::Choice {
        return if choices.is_empty() {
            Ok(choices)
        } else {
            Err(Error::invalid("choices", "belong to a choice alone"))
        };
    }
    if !CHOICES.contains(&choices.len()) {
        let (fewest, most) = (CHOICES.start(), CHOICES.end());
        return Err(Error::invalid("choices", format!("are {fewest} to {most}")));
    }
    let mut checked: Vec<String> = Vec::with_capacity(choices.len());
    for (index, choice) in choices.iter().enumerate() {
        let field = format!("choices[{index}]");
        let choice = text::line(&field, choice, LABEL_CHARACTERS)?;
        if checked.contains(&choice) {
            return Err(Error::invalid(field, "stands there twice"));
        }
        checked.push(choice);
    }
    Ok(checked)
}

fn act<'a>(caller: &StaffCaller, action: &'a str, row: &attribute::Model) -> Act<'a> {
    Act {
        actor: caller.actor(),
        action,
        subject: ("attribute", row.id.to_string()),
        detail: serde_json::json!({ "key": row.key, "archived": row.archived_at.is_some() }),
    }
}
