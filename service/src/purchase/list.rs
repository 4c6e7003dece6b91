//! A member's purchases, the latest recorded first.

use std::collections::HashMap;

use entity::{purchase, purchase_line};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PurchaseId};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct RecordedPurchase {
    pub purchase: purchase::Model,
    pub lines: Vec<purchase_line::Model>,
}

pub async fn list_mine(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<RecordedPurchase>> {
    list(ctx, member_id, page).await
}

pub async fn list_for_staff(
    ctx: &Context,
    staff: &StaffCaller,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<RecordedPurchase>> {
    staff.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), member_id).await?;
    list(ctx, member.ok_or(Error::NotFound("member"))?.id, page).await
}

async fn list(ctx: &Context, member_id: MemberId, page: &PageRequest) -> Result<Page<RecordedPurchase>> {
    let mut query = purchase::Entity::find().filter(purchase::Column::MemberId.eq(member_id));
    if let Some(after) = page.after::<PurchaseId>()? {
        query = query.filter(purchase::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(purchase::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let ids = page.items.iter().map(|row| row.id).collect::<Vec<_>>();
    let mut lines = lines_of(ctx, ids).await?;
    Ok(page
        .map(|purchase| RecordedPurchase { lines: lines.remove(&purchase.id).unwrap_or_default(), purchase }))
}

async fn lines_of(
    ctx: &Context,
    ids: Vec<PurchaseId>,
) -> Result<HashMap<PurchaseId, Vec<purchase_line::Model>>> {
    let mut lines: HashMap<PurchaseId, Vec<purchase_line::Model>> = HashMap::new();
    if ids.is_empty() {
        return Ok(lines);
    }
    let rows = purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.is_in(ids))
        .order_by_asc(purchase_line::Column::Id)
        .all(ctx.db.read())
        .await?;
    for row in rows {
        lines.entry(row.purchase_id).or_default().push(row);
    }
    Ok(lines)
}
