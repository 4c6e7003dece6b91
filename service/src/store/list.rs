//! Reading stores: all of them for staff, the open ones for shoppers.

use entity::states::StoreState;
use entity::store;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::context::Context;
use crate::error::Result;
use crate::ids::StoreId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

pub async fn list_stores(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<store::Model>> {
    caller.require(Permission::ReadStores)?;
    one_page(ctx, store::Entity::find(), page).await
}

/// For anybody.
pub async fn list_open_stores(ctx: &Context, page: &PageRequest) -> Result<Page<store::Model>> {
    one_page(ctx, store::Entity::find().filter(store::Column::State.eq(StoreState::Open)), page).await
}

async fn one_page(
    ctx: &Context,
    mut query: Select<store::Entity>,
    page: &PageRequest,
) -> Result<Page<store::Model>> {
    if let Some(after) = page.after::<StoreId>()? {
        query = query.filter(store::Column::Id.gt(after));
    }
    let rows = query.order_by_asc(store::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |store| store.id.0))
}
