//! Reading accounts. Whoever is limited to stores sees the staff of those stores and themselves.

use std::collections::HashMap;

use entity::{staff, staff_store};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::{Permission, StaffCaller, StoreScope};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{StaffId, StoreId};
use crate::page::{Page, PageRequest};

pub struct StaffRecord {
    pub staff: staff::Model,
    /// None of them means all stores.
    pub store_ids: Vec<StoreId>,
}

pub async fn list_staff(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<StaffRecord>> {
    caller.require(Permission::ReadStaff)?;
    let mut query = staff::Entity::find().order_by_asc(staff::Column::Id).limit(page.limit() + 1);
    if let Some(after) = page.after::<StaffId>()? {
        query = query.filter(staff::Column::Id.gt(after));
    }
    if let StoreScope::Only(stores) = &caller.stores {
        let colleagues = staff_store::Entity::find()
            .select_only()
            .column(staff_store::Column::StaffId)
            .filter(staff_store::Column::StoreId.is_in(stores.iter().copied()))
            .into_query();
        query = query.filter(staff::Column::Id.eq(caller.id).or(staff::Column::Id.in_subquery(colleagues)));
    }
    let rows = query.all(ctx.db.read()).await?;
    let ids: Vec<_> = rows.iter().map(|staff| staff.id).collect();
    let mut stores: HashMap<StaffId, Vec<StoreId>> = HashMap::new();
    for limit in stores_of(ctx.db.read(), &ids).await? {
        stores.entry(limit.staff_id).or_default().push(limit.store_id);
    }
    let page = Page::from_rows(rows, page.limit(), |staff| staff.id.0);
    Ok(page.map(|staff| StaffRecord { store_ids: stores.remove(&staff.id).unwrap_or_default(), staff }))
}

/// One's own record.
pub async fn get_staff(ctx: &Context, id: StaffId) -> Result<StaffRecord> {
    let staff = staff::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("staff"))?;
    let limits = stores_of(ctx.db.read(), &[id]).await?;
    Ok(StaffRecord { staff, store_ids: limits.into_iter().map(|limit| limit.store_id).collect() })
}

pub(super) async fn stores_of(
    connection: &impl ConnectionTrait,
    ids: &[StaffId],
) -> Result<Vec<staff_store::Model>> {
    Ok(staff_store::Entity::find()
        .filter(staff_store::Column::StaffId.is_in(ids.iter().copied()))
        .order_by_asc(staff_store::Column::StoreId)
        .all(connection)
        .await?)
}
