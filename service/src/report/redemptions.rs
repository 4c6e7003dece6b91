//! What was redeemed on a day, by hour and store: for who watches a day while it goes on.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::{redemption, store};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::period::{Period, hour_since, seen_by};
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{self, StoreId};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct RedemptionDay {
    pub zone: Tz,
    pub day: NaiveDate,
    pub total: RedemptionSums,
    /// Every hour of the day, by when it begins.
    pub hours: Vec<(DateTime<Utc>, RedemptionSums)>,
    /// Every store that the caller may see, the one that redeemed most first.
    pub stores: Vec<StoreRedemptions>,
}

/// What was taken back is counted apart, and its money nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RedemptionSums {
    pub redemptions: i64,
    pub discount_fen: i64,
    /// The orders that they were used for, each once, before the discount.
    pub sales_fen: i64,
    pub reversed: i64,
}

#[derive(Debug, Clone)]
pub struct StoreRedemptions {
    pub store_id: StoreId,
    pub code: String,
    pub name: String,
    pub total: RedemptionSums,
    /// By the hour's place in the day; hours in which nothing was redeemed are left out.
    pub hours: BTreeMap<usize, RedemptionSums>,
}

impl std::ops::AddAssign for RedemptionSums {
    fn add_assign(&mut self, more: Self) {
        self.redemptions += more.redemptions;
        self.discount_fen += more.discount_fen;
        self.sales_fen += more.sales_fen;
        self.reversed += more.reversed;
    }
}

/// Of one store in one hour.
#[derive(FromQueryResult)]
struct Cell {
    store_id: StoreId,
    hour: i64,
    redemptions: i64,
    discount_fen: i64,
    sales_fen: i64,
    reversed: i64,
}

impl Cell {
    fn sums(&self) -> RedemptionSums {
        let Self { redemptions, discount_fen, sales_fen, reversed, .. } = *self;
        RedemptionSums { redemptions, discount_fen, sales_fen, reversed }
    }
}

/// A day in the shop's zone, today when none is given.
pub async fn watch_redemptions(
    ctx: &Context,
    staff: &StaffCaller,
    day: Option<NaiveDate>,
) -> Result<RedemptionDay> {
    staff.require(Permission::ReadReports)?;
    let day = day.unwrap_or_else(|| calendar::local_date(ctx.now(), ctx.settings.timezone));
    let period = Period { first: day, last: day };
    let mut total = RedemptionSums::default();
    let mut hours: Vec<_> = hours_of(ctx, period).map(|from| (from, RedemptionSums::default())).collect();
    let mut by_store: HashMap<StoreId, BTreeMap<usize, RedemptionSums>> = HashMap::new();
    for cell in cells(ctx, staff, period).await? {
        let Ok(hour) = usize::try_from(cell.hour) else { continue };
        let Some((_, of_hour)) = hours.get_mut(hour) else { continue };
        *of_hour += cell.sums();
        total += cell.sums();
        by_store.entry(cell.store_id).or_default().insert(hour, cell.sums());
    }
    let stores = stores_with(ctx, staff, by_store).await?;
    Ok(RedemptionDay { zone: ctx.settings.timezone, day, total, hours, stores })
}

fn hours_of(ctx: &Context, period: Period) -> impl Iterator<Item = DateTime<Utc>> {
    let until = period.until(ctx);
    std::iter::successors(Some(period.from(ctx)), |from| from.checked_add_signed(Duration::hours(1)))
        .take_while(move |from| *from < until)
}

/// An id never tells an earlier time than its row's, so the primary key leaves the older ones out.
async fn cells(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<Vec<Cell>> {
    use redemption::Column;
    let hour = hour_since(ctx.db.backend(), Column::RedeemedAt, period.from(ctx));
    let sum = |of: &str, when: &str| {
        Expr::cust(format!("cast(sum(case when {when} then {of} else 0 end) as bigint)"))
    };
    let live = "reversed_at is null";
    Ok(redemption::Entity::find()
        .select_only()
        .column(Column::StoreId)
        .column_as(hour.clone(), "hour")
        .column_as(sum("1", live), "redemptions")
        .column_as(sum("discount_fen", live), "discount_fen")
        // Each coupon of a request has the whole order's amount.
        .column_as(sum("amount_fen", "reversed_at is null and part = 0"), "sales_fen")
        .column_as(sum("1", "reversed_at is not null"), "reversed")
        .filter(Column::Id.gte(ids::first_of(period.from(ctx))))
        .filter(Column::RedeemedAt.gte(period.from(ctx)))
        .filter(Column::RedeemedAt.lt(period.until(ctx)))
        .filter(seen_by(staff, Column::StoreId))
        .group_by(Column::StoreId)
        .group_by(hour)
        .into_model()
        .all(ctx.db.read())
        .await?)
}

async fn stores_with(
    ctx: &Context,
    staff: &StaffCaller,
    mut by_store: HashMap<StoreId, BTreeMap<usize, RedemptionSums>>,
) -> Result<Vec<StoreRedemptions>> {
    let stores = store::Entity::find()
        .filter(seen_by(staff, store::Column::Id))
        .order_by_asc(store::Column::Code)
        .all(ctx.db.read())
        .await?;
    let line = |store: store::Model| {
        let hours = by_store.remove(&store.id).unwrap_or_default();
        let mut total = RedemptionSums::default();
        hours.values().for_each(|hour| total += *hour);
        StoreRedemptions { store_id: store.id, code: store.code, name: store.name, total, hours }
    };
    let mut lines: Vec<_> = stores.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.total.redemptions));
    Ok(lines)
}
