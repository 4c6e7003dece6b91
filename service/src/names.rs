//! What ids are called, for lists that people read: one statement per kind.

use std::collections::{BTreeSet, HashMap};

use entity::{campaign, coupon_pack, coupon_template, mall_item, member, segment, staff, store, tag, tier};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;

/// By id; what is gone has no name.
pub type Names = HashMap<Uuid, String>;

macro_rules! names {
    ($($of:ident = $entity:ident),+ $(,)?) => {$(
        pub async fn $of(ctx: &Context, ids: impl IntoIterator<Item = Uuid>) -> Result<Names> {
            read::<$entity::Entity>(ctx, ($entity::Column::Id, $entity::Column::Name), ids).await
        }
    )+};
}

/// A member is called by the card's number.
pub async fn of_members(ctx: &Context, ids: impl IntoIterator<Item = Uuid>) -> Result<Names> {
    read::<member::Entity>(ctx, (member::Column::Id, member::Column::CardNumber), ids).await
}

names!(
    of_campaigns = campaign,
    of_coupon_packs = coupon_pack,
    of_coupon_templates = coupon_template,
    of_mall_items = mall_item,
    of_segments = segment,
    of_staff = staff,
    of_stores = store,
    of_tags = tag,
    of_tiers = tier,
);

async fn read<E: EntityTrait>(
    ctx: &Context,
    (id, name): (E::Column, E::Column),
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Names> {
    let ids: BTreeSet<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(Names::new());
    }
    let rows: Vec<(Uuid, String)> = E::find()
        .select_only()
        .columns([id, name])
        .filter(id.is_in(ids))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().collect())
}
