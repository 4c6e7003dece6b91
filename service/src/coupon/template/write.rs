//! Staff make templates, change them, publish and withdraw them. Each locks the template's row first.

use entity::states::CouponTemplateState;
use entity::{coupon_template, coupon_template_store, store, tier};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter,
};

use super::form::TemplateForm;
use super::patch::TemplatePatch;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::coupon::issue::lock_template;
use crate::coupon::{Offer, offer, rules};
use crate::error::{Error, FieldError, Result, is_duplicate};
use crate::ids::{CouponTemplateId, StoreId};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// # Refuses
/// `code_taken`
pub async fn create_template(ctx: &Context, staff: &StaffCaller, form: TemplateForm) -> Result<Offer> {
    staff.require(Permission::WriteCoupons)?;
    let offer = form.into_offer(ctx.new_id(), ctx.now(), ctx.settings.timezone)?;
    let txn = ctx.db.begin().await?;
    check_tiers(&txn, &offer).await?;
    coupon_template::Entity::insert(offer.template.clone().into_active_model().reset_all())
        .exec_without_returning(&txn)
        .await
        .map_err(code_taken)?;
    write_stores(&txn, &offer).await?;
    record(ctx, &txn, staff, ("coupon_template.create", &offer.template)).await?;
    txn.commit().await?;
    Ok(offer)
}

/// Changes a template. Once copies exist, the stock, the daily stock and the budget alone.
///
/// # Refuses
/// `template_has_copies`, `code_taken`
pub async fn change_template(
    ctx: &Context,
    staff: &StaffCaller,
    id: CouponTemplateId,
    patch: TemplatePatch,
) -> Result<Offer> {
    staff.require(Permission::WriteCoupons)?;
    let txn = ctx.db.begin().await?;
    lock_template(&txn, id).await?;
    let old = offer::load(&txn, id).await?;
    let mut new = patch.apply(TemplateForm::of(&old)).into_offer(id, ctx.now(), ctx.settings.timezone)?;
    new.template.created_at = old.template.created_at;
    new.template.taken = old.template.taken;
    new.template.taken_day = old.template.taken_day;
    new.template.taken_today = old.template.taken_today;
    new.template.state = old.template.state;
    if old.template.taken > 0 && !differ_in_amounts_alone(&old, &new) {
        return Err(Refusal::TemplateHasCopies.into());
    }
    if new.template.stock < new.template.taken {
        return Err(Error::invalid("stock", "must not be below the copies that are taken"));
    }
    check_tiers(&txn, &new).await?;
    new.template.clone().into_active_model().reset_all().update(&txn).await.map_err(code_taken)?;
    write_stores(&txn, &new).await?;
    record(ctx, &txn, staff, ("coupon_template.change", &new.template)).await?;
    txn.commit().await?;
    ctx.claims.forget(id);
    Ok(new)
}

async fn check_tiers(txn: &DatabaseTransaction, offer: &Offer) -> Result<()> {
    let wanted = &offer.conditions.tiers;
    if wanted.is_empty() {
        return Ok(());
    }
    let known = tier::Entity::find().filter(tier::Column::Id.is_in(wanted.iter().copied())).all(txn).await?;
    for (index, id) in wanted.iter().enumerate() {
        if !known.iter().any(|tier| tier.id == *id) {
            return Err(Error::invalid(format!("conditions.tiers[{index}]"), "is no tier of the ladder"));
        }
    }
    Ok(())
}

/// The public code is the one unique thing of a template beside its id.
fn code_taken(error: DbErr) -> Error {
    if is_duplicate(&error) { Refusal::CodeTaken.into() } else { error.into() }
}

/// How many there are and what they may cost together is no promise to anybody who holds one.
fn differ_in_amounts_alone(old: &Offer, new: &Offer) -> bool {
    let old_template = old.template.clone();
    let (stock, daily_stock) = (old_template.stock, old_template.daily_stock);
    let (budget_fen, updated_at) = (old_template.budget_fen, old_template.updated_at);
    let amounts_aside =
        coupon_template::Model { stock, daily_stock, budget_fen, updated_at, ..new.template.clone() };
    amounts_aside == old_template && old.store_ids == new.store_ids
}

/// Members may claim and campaigns grant from now on. A withdrawn one can be published again; twice is the same as once.
pub async fn publish_template(ctx: &Context, staff: &StaffCaller, id: CouponTemplateId) -> Result<Offer> {
    let publish = ("coupon_template.publish", CouponTemplateState::Published);
    turn(ctx, staff, id, publish).await
}

/// No new copies; those that members hold stay good. Twice is the same as once.
pub async fn withdraw_template(ctx: &Context, staff: &StaffCaller, id: CouponTemplateId) -> Result<Offer> {
    let withdraw = ("coupon_template.withdraw", CouponTemplateState::Withdrawn);
    turn(ctx, staff, id, withdraw).await
}

async fn turn(
    ctx: &Context,
    staff: &StaffCaller,
    id: CouponTemplateId,
    (action, state): (&str, CouponTemplateState),
) -> Result<Offer> {
    staff.require(Permission::WriteCoupons)?;
    let txn = ctx.db.begin().await?;
    let mut template = lock_template(&txn, id).await?;
    let ended = template.valid_until.is_some_and(|until| rules::is_past(until, ctx.now()));
    if state == CouponTemplateState::Published && ended {
        return Err(Error::invalid("valid_until", "lies in the past"));
    }
    if template.state != state {
        template.state = state;
        template.updated_at = ctx.now();
        let mut row = template.clone().into_active_model();
        row.state = Set(template.state);
        row.updated_at = Set(template.updated_at);
        row.update(&txn).await?;
        record(ctx, &txn, staff, (action, &template)).await?;
    }
    let offer = offer::complete(&txn, vec![template]).await?.pop();
    txn.commit().await?;
    ctx.claims.forget(id);
    offer.ok_or(Error::NotFound("coupon template"))
}

async fn write_stores(txn: &DatabaseTransaction, offer: &Offer) -> Result<()> {
    check_stores(txn, &offer.store_ids).await?;
    let template_id = offer.template.id;
    coupon_template_store::Entity::delete_many()
        .filter(coupon_template_store::Column::TemplateId.eq(template_id))
        .exec(txn)
        .await?;
    let rows = offer.store_ids.iter().map(|&store_id| coupon_template_store::ActiveModel {
        template_id: Set(template_id),
        store_id: Set(store_id),
    });
    if !offer.store_ids.is_empty() {
        coupon_template_store::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

async fn check_stores(txn: &DatabaseTransaction, ids: &[StoreId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let known = store::Entity::find().filter(store::Column::Id.is_in(ids.iter().copied())).all(txn).await?;
    let unknown: Vec<FieldError> = ids
        .iter()
        .filter(|id| !known.iter().any(|store| store.id == **id))
        .map(|id| FieldError { field: "store_ids".to_owned(), message: format!("{id} is not a store") })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Error::Invalid(unknown)) }
}

async fn record(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (action, template): (&str, &coupon_template::Model),
) -> Result<()> {
    let detail = serde_json::json!({
        "name": template.name, "kind": template.kind, "stock": template.stock, "state": template.state,
    });
    let subject = ("coupon_template", template.id.to_string());
    audit::record(ctx, txn, Act { actor: staff.actor(), action, subject, detail }).await
}
