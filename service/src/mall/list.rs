//! The mall as members and staff see it.

use std::collections::{BTreeSet, HashMap};

use entity::states::{ExchangeState, PublicationState};
use entity::{exchange, mall_item};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rules::{self, Buyer};
use super::windows;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{ExchangeId, MallItemId, MemberId};
use crate::page::{Page, PageRequest};
use crate::points;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

pub use entity::exchange::Model as ExchangeRow;
pub use entity::mall_item::Model as ItemRow;

/// An item with the one reason for which the member can't have it now.
#[derive(Debug, Clone)]
pub struct OfferedItem {
    pub item: ItemRow,
    pub refusal: Option<Refusal>,
}

/// The published items, the latest first.
pub async fn offered_items(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<OfferedItem>> {
    let db = ctx.db.read();
    let mut query =
        mall_item::Entity::find().filter(mall_item::Column::State.eq(PublicationState::Published));
    if let Some(after) = page.after::<MallItemId>()? {
        query = query.filter(mall_item::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(mall_item::Column::Id).limit(page.limit() + 1).all(db).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let balance = points::balance_of(ctx, db, member_id).await?.balance;
    let exchanged = exchanged_by(ctx, member_id).await?;
    let policy = windows::load(db).await?;
    Ok(page.map(|item| {
        let buyer = Buyer { exchanged: exchanged.get(&item.id).copied().unwrap_or_default(), balance };
        let checked = rules::check(&item, &policy, buyer, (ctx.now(), ctx.settings.timezone));
        OfferedItem { item, refusal: checked.err() }
    }))
}

async fn exchanged_by(ctx: &Context, member_id: MemberId) -> Result<HashMap<MallItemId, i64>> {
    let rows: Vec<(MallItemId, i64)> = exchange::Entity::find()
        .select_only()
        .column(exchange::Column::ItemId)
        .column_as(exchange::Column::Id.count(), "exchanges")
        .filter(exchange::Column::MemberId.eq(member_id))
        .filter(exchange::Column::State.ne(ExchangeState::Cancelled))
        .group_by(exchange::Column::ItemId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().collect())
}

/// All items for staff, the latest first.
pub async fn list_items(ctx: &Context, staff: &StaffCaller, page: &PageRequest) -> Result<Page<ItemRow>> {
    staff.require(Permission::ReadCoupons)?;
    let mut query = mall_item::Entity::find().order_by_desc(mall_item::Column::Id);
    if let Some(after) = page.after::<MallItemId>()? {
        query = query.filter(mall_item::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}

/// A member's exchanges, the latest first.
pub async fn list_my_exchanges(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<ExchangeRow>> {
    let query = exchange::Entity::find().filter(exchange::Column::MemberId.eq(member_id));
    exchanges(ctx, query, page).await
}

/// What the exchanges are of, also where the item was withdrawn since.
pub async fn items_of(ctx: &Context, exchanges: &[ExchangeRow]) -> Result<HashMap<MallItemId, ItemRow>> {
    let ids: BTreeSet<MallItemId> = exchanges.iter().map(|row| row.item_id).collect();
    let rows = mall_item::Entity::find().filter(mall_item::Column::Id.is_in(ids)).all(ctx.db.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// All exchanges for staff, the latest first.
pub async fn list_exchanges(
    ctx: &Context,
    staff: &StaffCaller,
    state: Option<ExchangeState>,
    page: &PageRequest,
) -> Result<Page<ExchangeRow>> {
    staff.require(Permission::ReadMembers)?;
    let mut query = exchange::Entity::find();
    if let Some(state) = state {
        query = query.filter(exchange::Column::State.eq(state));
    }
    exchanges(ctx, query, page).await
}

async fn exchanges(
    ctx: &Context,
    mut query: sea_orm::Select<exchange::Entity>,
    page: &PageRequest,
) -> Result<Page<ExchangeRow>> {
    if let Some(after) = page.after::<ExchangeId>()? {
        query = query.filter(exchange::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(exchange::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}
