//! A member's purchases, the latest first.

use std::collections::HashMap;

use entity::{purchase, purchase_line, refund};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::refund::RefundRow;
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PurchaseId, StoreId};
use crate::order_gift::{self, Gift};
use crate::page::{Page, PageRequest};
use crate::points::{self, Earning};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct RecordedPurchase {
    pub purchase: purchase::Model,
    pub lines: Vec<purchase_line::Model>,
    /// What each line earned; empty for purchases that were imported.
    pub earnings: Vec<Earning>,
    /// The coupon that came with it, or why none.
    pub gift: Option<Gift>,
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
    use purchase::Column::{Id, MemberId, PurchasedAt};
    let own = || purchase::Entity::find().filter(MemberId.eq(member_id));
    let mut query = own();
    if let Some(after) = page.after::<PurchaseId>()? {
        let last = own().filter(Id.eq(after)).one(ctx.db.read()).await?;
        let last = last.ok_or_else(|| Error::invalid("cursor", "is not a cursor that this list gave"))?;
        let same_time = PurchasedAt.eq(last.purchased_at).and(Id.lt(after));
        query = query.filter(PurchasedAt.lt(last.purchased_at).or(same_time));
    }
    let rows =
        query.order_by_desc(PurchasedAt).order_by_desc(Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let ids = page.items.iter().map(|row| row.id).collect::<Vec<_>>();
    let mut earnings = points::earnings_of(ctx.db.read(), ids.iter().copied()).await?;
    let mut gifts = order_gift::gifts_of(ctx.db.read(), ids.iter().copied()).await?;
    let mut lines = lines_of(ctx, ids).await?;
    Ok(page.map(|purchase| RecordedPurchase {
        lines: lines.remove(&purchase.id).unwrap_or_default(),
        earnings: earnings.remove(&purchase.id).unwrap_or_default(),
        gift: gifts.remove(&purchase.id),
        purchase,
    }))
}

/// One order of a store, with what was given back of it.
pub async fn find_purchase(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, order_no): (StoreId, &str),
) -> Result<(RecordedPurchase, Vec<RefundRow>)> {
    till::require(staff, store_id)?;
    let db = ctx.db.read();
    let purchase = purchase::Entity::find()
        .filter(purchase::Column::StoreId.eq(store_id))
        .filter(purchase::Column::OrderNo.eq(order_no.trim()))
        .one(db)
        .await?
        .ok_or(Error::NotFound("purchase"))?;
    let refunds = refund::Entity::find()
        .filter(refund::Column::PurchaseId.eq(purchase.id))
        .order_by_asc(refund::Column::Id)
        .all(db)
        .await?;
    let earnings = points::earnings_of(db, [purchase.id]).await?.remove(&purchase.id).unwrap_or_default();
    let lines = lines_of(ctx, vec![purchase.id]).await?.remove(&purchase.id).unwrap_or_default();
    let gift = order_gift::gifts_of(db, [purchase.id]).await?.remove(&purchase.id);
    Ok((RecordedPurchase { purchase, lines, earnings, gift }, refunds))
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
