//! A store's redemptions of a day.

use chrono::NaiveDate;
use chrono_tz::Tz;
use entity::{coupon, member, redemption, store};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::offer;
use super::redeem::Receipt;
use super::reverse::{Undo, undo_of};
use crate::calendar;
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{RedemptionId, StoreId};
use crate::names;
use crate::page::{Page, PageRequest};
use crate::staff::StaffCaller;

/// A redemption as a store's list shows it.
#[derive(Debug, Clone)]
pub struct StoreRedemption {
    pub receipt: Receipt,
    pub staff_name: Option<String>,
    pub member: Option<member::Model>,
    /// What the caller may do about it now.
    pub undo: Undo,
}

/// The redemptions of a day (today when none is given) in the store's zone, the latest first; of a request that used several
/// coupons each one by itself.
///
/// # Refuses
/// `store_not_permitted`
pub async fn list_redemptions(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, date): (StoreId, Option<NaiveDate>),
    page: &PageRequest,
) -> Result<Page<StoreRedemption>> {
    till::require(staff, store_id)?;
    let store = store::Entity::find_by_id(store_id).one(ctx.db.read()).await?;
    let store = store.ok_or(Error::NotFound("store"))?;
    let zone: Tz = store.zone.and_then(|zone| zone.parse().ok()).unwrap_or(ctx.settings.timezone);
    let date = date.unwrap_or_else(|| calendar::local_date(ctx.now(), zone));
    let next = date.succ_opt().unwrap_or(date);
    let mut query = redemption::Entity::find()
        .filter(redemption::Column::StoreId.eq(store_id))
        .filter(redemption::Column::RedeemedAt.gte(calendar::start_of_day(date, zone)))
        .filter(redemption::Column::RedeemedAt.lt(calendar::start_of_day(next, zone)));
    if let Some(after) = page.after::<RedemptionId>()? {
        query = query.filter(redemption::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(redemption::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let members = member::Entity::find()
        .filter(member::Column::Id.is_in(page.items.iter().map(|row| row.member_id)))
        .all(ctx.db.read())
        .await?;
    let people = names::of_staff(ctx, page.items.iter().map(|row| row.staff_id.0)).await?;
    let items = receipts(ctx, page.items).await?.into_iter().map(|receipt| StoreRedemption {
        staff_name: people.get(&receipt.redemption.staff_id.0).cloned(),
        member: members.iter().find(|row| row.id == receipt.redemption.member_id).cloned(),
        undo: undo_of(ctx, staff, &receipt.redemption),
        receipt,
    });
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}

async fn receipts(ctx: &Context, rows: Vec<redemption::Model>) -> Result<Vec<Receipt>> {
    let coupons = coupon::Entity::find()
        .filter(coupon::Column::Id.is_in(rows.iter().map(|row| row.coupon_id)))
        .all(ctx.db.read())
        .await?;
    let held = offer::attach(ctx.db.read(), coupons).await?;
    rows.into_iter()
        .map(|redemption| {
            let held = held.iter().find(|held| held.coupon.id == redemption.coupon_id);
            let held = held.ok_or(Error::NotFound("coupon"))?.clone();
            Ok(Receipt { held, redemption, others: Vec::new() })
        })
        .collect()
}
