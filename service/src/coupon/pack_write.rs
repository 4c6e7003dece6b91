//! Making and changing packs. What members have taken stays what it was: then only the name, who may claim and a higher limit change.

use entity::{coupon_pack, coupon_pack_claim, coupon_pack_item};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use super::pack::{self, Offers, Pack, PackItem, TakenPack};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::CouponPackId;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

const LONGEST_NAME: usize = 60;
const LARGEST_LIMIT: i32 = 100;
const MOST_ITEMS: usize = 20;
const MOST_COPIES: i32 = 20;

#[derive(Debug, Clone)]
pub struct PackForm {
    pub name: String,
    pub limit_per_member: i32,
    /// Whether members see it and may claim it.
    pub claimable: bool,
    pub items: Vec<PackItem>,
}

pub async fn create_pack(ctx: &Context, staff: &StaffCaller, form: PackForm) -> Result<TakenPack> {
    staff.require(Permission::WriteCoupons)?;
    let form = checked(form)?;
    let now = ctx.now();
    let pack = coupon_pack::Model {
        id: ctx.new_id(),
        name: form.name,
        limit_per_member: form.limit_per_member,
        claimable: form.claimable,
        created_at: now,
        updated_at: now,
    };
    let txn = ctx.db.begin().await?;
    let offers = find_templates(&txn, &form.items).await?;
    coupon_pack::Entity::insert(pack.clone().into_active_model().reset_all())
        .exec_without_returning(&txn)
        .await?;
    insert_items(&txn, pack.id, &form.items).await?;
    audit::record(ctx, &txn, act(staff, "coupon_pack.create", &pack)).await?;
    txn.commit().await?;
    Ok(TakenPack { pack: Pack { pack, items: pack::packed(&offers, form.items) }, taken: 0 })
}

/// Replaces a pack.
///
/// # Refuses
/// `pack_has_claims`
pub async fn change_pack(
    ctx: &Context,
    staff: &StaffCaller,
    id: CouponPackId,
    form: PackForm,
) -> Result<TakenPack> {
    staff.require(Permission::WriteCoupons)?;
    let form = checked(form)?;
    let txn = ctx.db.begin().await?;
    let before = coupon_pack::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
    let before = before.ok_or(Error::NotFound("coupon pack"))?;
    let items = pack::items_of(&txn, id).await?;
    let claims = coupon_pack_claim::Entity::find().filter(coupon_pack_claim::Column::PackId.eq(id));
    let taken = claims.count(&txn).await?;
    if taken > 0 && (items != form.items || form.limit_per_member < before.limit_per_member) {
        return Err(Refusal::PackHasClaims.into());
    }
    let offers = find_templates(&txn, &form.items).await?;
    let pack = coupon_pack::Model {
        name: form.name,
        limit_per_member: form.limit_per_member,
        claimable: form.claimable,
        updated_at: ctx.now(),
        ..before
    };
    coupon_pack::Entity::update(pack.clone().into_active_model().reset_all()).exec(&txn).await?;
    if items != form.items {
        let of_pack = coupon_pack_item::Column::PackId.eq(id);
        coupon_pack_item::Entity::delete_many().filter(of_pack).exec(&txn).await?;
        insert_items(&txn, id, &form.items).await?;
    }
    audit::record(ctx, &txn, act(staff, "coupon_pack.update", &pack)).await?;
    txn.commit().await?;
    let taken = i64::try_from(taken).map_err(Error::internal)?;
    Ok(TakenPack { pack: Pack { pack, items: pack::packed(&offers, form.items) }, taken })
}

/// The form with its items in the order of the templates' ids.
fn checked(mut form: PackForm) -> Result<PackForm> {
    form.items.sort_unstable_by_key(|item| item.template_id);
    form.name = form.name.trim().to_owned();
    let mut errors = Vec::new();
    let mut unless = |good: bool, field: &str, message: String| {
        if !good {
            errors.push(FieldError { field: field.to_owned(), message });
        }
    };
    let name = (1..=LONGEST_NAME).contains(&form.name.chars().count());
    unless(name, "name", format!("must have 1 to {LONGEST_NAME} characters"));
    let limit = (1..=LARGEST_LIMIT).contains(&form.limit_per_member);
    unless(limit, "limit_per_member", format!("must be from 1 to {LARGEST_LIMIT}"));
    let distinct = form.items.windows(2).all(|pair| pair[0].template_id != pair[1].template_id);
    let some = (1..=MOST_ITEMS).contains(&form.items.len()) && distinct;
    unless(some, "items", format!("must name 1 to {MOST_ITEMS} templates, each once"));
    let copies = form.items.iter().all(|item| (1..=MOST_COPIES).contains(&item.copies));
    unless(copies, "items", format!("must have 1 to {MOST_COPIES} copies each"));
    if errors.is_empty() { Ok(form) } else { Err(Error::Invalid(errors)) }
}

async fn find_templates(txn: &DatabaseTransaction, items: &[PackItem]) -> Result<Offers> {
    let offers = pack::offers_of(txn, items.iter().map(|item| item.template_id)).await?;
    match items.iter().find(|item| !offers.contains_key(&item.template_id)) {
        Some(item) => Err(Error::invalid("items", format!("{} is not a coupon template", item.template_id))),
        None => Ok(offers),
    }
}

async fn insert_items(txn: &DatabaseTransaction, pack_id: CouponPackId, items: &[PackItem]) -> Result<()> {
    let rows = items.iter().map(|item| {
        let PackItem { template_id, copies } = *item;
        coupon_pack_item::Model { pack_id, template_id, copies }.into_active_model().reset_all()
    });
    coupon_pack_item::Entity::insert_many(rows).exec_without_returning(txn).await?;
    Ok(())
}

fn act<'a>(staff: &StaffCaller, action: &'a str, pack: &coupon_pack::Model) -> Act<'a> {
    Act {
        actor: staff.actor(),
        action,
        subject: ("coupon_pack", pack.id.to_string()),
        detail: serde_json::json!({ "name": pack.name }),
    }
}
