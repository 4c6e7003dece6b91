//! Staff make stamp cards, change them, publish and withdraw them.

use chrono::{DateTime, Utc};
use entity::states::{CouponTemplateState, PublicationState};
use entity::{coupon_template, stamp_card, stamp_sheet};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QuerySelect,
};

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponTemplateId, StampCardId, StoreId};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

pub use entity::stamp_card::Model as CardRow;

#[derive(Debug, Clone)]
pub struct CardForm {
    pub name: String,
    /// Stamps of a full sheet.
    pub stamps: i32,
    /// Money for a stamp; 0: one stamp for a purchase.
    pub least_fen: i64,
    pub per_purchase: i32,
    pub per_day: Option<i32>,
    /// Sheets that a member can fill.
    pub rounds: Option<i32>,
    /// Empty: all of them.
    pub store_ids: Vec<StoreId>,
    pub categories: Vec<String>,
    pub reward_template_id: CouponTemplateId,
    pub state: PublicationState,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
}

pub(super) fn stores(card: &CardRow) -> Result<Vec<StoreId>> {
    serde_json::from_value(card.store_ids.clone()).map_err(Error::internal)
}

pub(super) fn categories(card: &CardRow) -> Result<Vec<String>> {
    serde_json::from_value(card.categories.clone()).map_err(Error::internal)
}

/// A new card, or with an id a change. Once it has been stamped, the stamps of a full sheet stay.
///
/// # Refuses
/// `stamp_card_in_use`
pub async fn save_card(
    ctx: &Context,
    staff: &StaffCaller,
    id: Option<StampCardId>,
    form: CardForm,
) -> Result<CardRow> {
    staff.require(Permission::WriteCoupons)?;
    validate(&form)?;
    let txn = ctx.db.begin().await?;
    require_template(&txn, form.reward_template_id).await?;
    let known = match id {
        None => None,
        Some(id) => Some(known(&txn, id, &form).await?),
    };
    let row = row(ctx, known.as_ref(), form)?;
    let model = row.clone().into_active_model().reset_all();
    let action = if known.is_some() { "stamp_card.change" } else { "stamp_card.create" };
    match known {
        Some(_) => drop(model.update(&txn).await?),
        None => drop(stamp_card::Entity::insert(model).exec_without_returning(&txn).await?),
    }
    let subject = ("stamp_card", row.id.to_string());
    let detail = serde_json::json!({ "name": row.name, "stamps": row.stamps, "state": row.state });
    audit::record(ctx, &txn, Act { actor: staff.actor(), action, subject, detail }).await?;
    txn.commit().await?;
    Ok(row)
}

async fn known(txn: &DatabaseTransaction, id: StampCardId, form: &CardForm) -> Result<CardRow> {
    let card = stamp_card::Entity::find_by_id(id).lock_exclusive().one(txn).await?;
    let card = card.ok_or(Error::NotFound("stamp card"))?;
    let sheets = stamp_sheet::Entity::find().filter(stamp_sheet::Column::CardId.eq(id));
    if card.stamps != form.stamps && sheets.count(txn).await? > 0 {
        return Err(Refusal::StampCardInUse.into());
    }
    Ok(card)
}

fn row(ctx: &Context, known: Option<&CardRow>, form: CardForm) -> Result<CardRow> {
    Ok(CardRow {
        id: known.map_or_else(|| ctx.new_id(), |row| row.id),
        name: form.name.trim().to_owned(),
        stamps: form.stamps,
        least_fen: form.least_fen,
        per_purchase: form.per_purchase,
        per_day: form.per_day,
        rounds: form.rounds,
        store_ids: serde_json::to_value(form.store_ids).map_err(Error::internal)?,
        categories: serde_json::to_value(form.categories).map_err(Error::internal)?,
        reward_template_id: form.reward_template_id,
        state: form.state,
        open_from: form.open_from,
        open_until: form.open_until,
        created_at: known.map_or_else(|| ctx.now(), |row| row.created_at),
        updated_at: ctx.now(),
    })
}

async fn require_template(connection: &impl ConnectionTrait, id: CouponTemplateId) -> Result<()> {
    let template = coupon_template::Entity::find_by_id(id).one(connection).await?;
    match template {
        Some(template) if template.state == CouponTemplateState::Published => Ok(()),
        _ => Err(Error::invalid("reward_template_id", "is no published template")),
    }
}

fn validate(form: &CardForm) -> Result<()> {
    let mut errors = Vec::new();
    let mut require = |holds: bool, field: &str, message: &str| {
        if !holds {
            errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        }
    };
    let name = form.name.trim().chars().count();
    require((1..=60).contains(&name), "name", "has 1 to 60 characters");
    require((1..=100).contains(&form.stamps), "stamps", "is a number from 1 to 100");
    require((0..=100_000_000).contains(&form.least_fen), "least_fen", "is a number from 0 to 100000000");
    require((1..=100).contains(&form.per_purchase), "per_purchase", "is a number from 1 to 100");
    let per_day = form.per_day.is_none_or(|most| (1..=1000).contains(&most));
    require(per_day, "per_day", "is a number from 1 to 1000");
    let rounds = form.rounds.is_none_or(|most| (1..=1000).contains(&most));
    require(rounds, "rounds", "is a number from 1 to 1000");
    let in_order = !matches!((form.open_from, form.open_until), (Some(from), Some(until)) if from >= until);
    require(in_order, "open_until", "is after open_from");
    require(form.store_ids.len() <= 1000, "store_ids", "are at most 1000");
    require(form.categories.len() <= 100, "categories", "are at most 100");
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
