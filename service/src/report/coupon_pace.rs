//! How fast a coupon template goes: copies taken and redeemed by day, and when the stock is gone if it goes on like that.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use entity::{coupon, coupon_template, redemption};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait};

use super::period::Period;
use super::trade::counts;
use crate::calendar;
use crate::context::Context;
use crate::coupon::rules as coupon_rules;
use crate::error::{Error, Result};
use crate::ids::{self, CouponTemplateId};
use crate::staff::{Permission, StaffCaller};

/// Days that are shown.
const SHOWN_DAYS: u64 = 30;
/// What the pace is taken from.
const PACE_DAYS: i64 = 7;
/// Further than that nobody plans.
const FARTHEST_DAYS: i64 = 3_650;

#[derive(Debug, Clone)]
pub struct CouponPace {
    /// The last thirty, today the last.
    pub days: Vec<CouponDay>,
    /// Copies that can still be taken, by stock and budget.
    pub left: i64,
    /// Copies taken within the last seven days, or since the template was made.
    pub recent: i64,
    /// How many days that was, 1 to 7.
    pub recent_days: i64,
    /// The day on which nothing is left at that pace; None: there is no pace, or it is years away.
    pub gone_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponDay {
    pub day: NaiveDate,
    pub taken: i64,
    /// Redemptions that were not taken back.
    pub redeemed: i64,
}

pub async fn read_coupon_pace(
    ctx: &Context,
    staff: &StaffCaller,
    id: CouponTemplateId,
) -> Result<CouponPace> {
    staff.require(Permission::ReadCoupons)?;
    let template = coupon_template::Entity::find_by_id(id).one(ctx.db.read()).await?;
    let template = template.ok_or(Error::NotFound("coupon template"))?;
    let now = ctx.now();
    let recent_days = (now - template.created_at).num_days().clamp(1, PACE_DAYS);
    let since = now - Duration::days(recent_days);
    let of_template = || coupon::Entity::find().filter(coupon::Column::TemplateId.eq(id));
    let recent = of_template()
        .filter(coupon::Column::Id.gte(ids::first_of(since)))
        .filter(coupon::Column::ClaimedAt.gte(since))
        .count(ctx.db.read())
        .await?;
    let recent = i64::try_from(recent).unwrap_or(i64::MAX);
    let left = coupon_rules::left_in_all(&template).max(0);
    Ok(CouponPace {
        days: days(ctx, id).await?,
        left,
        recent,
        recent_days,
        gone_on: gone_at(left, (recent, recent_days), now)
            .map(|at| calendar::local_date(at, ctx.settings.timezone)),
    })
}

async fn days(ctx: &Context, id: CouponTemplateId) -> Result<Vec<CouponDay>> {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let first = today.checked_sub_days(Days::new(SHOWN_DAYS - 1)).unwrap_or(today);
    let period = Period { first, last: today };
    let mut days: BTreeMap<NaiveDate, CouponDay> =
        period.days().map(|day| (day, CouponDay { day, taken: 0, redeemed: 0 })).collect();
    let of_template = || coupon::Entity::find().filter(coupon::Column::TemplateId.eq(id));
    let from = ids::first_of(period.from(ctx));
    let taken = of_template().filter(coupon::Column::Id.gte(from));
    for (day, count) in counts(ctx, taken, coupon::Column::ClaimedAt, period).await? {
        days.entry(day).and_modify(|row| row.taken += count);
    }
    let copies = of_template().select_only().column(coupon::Column::Id).into_query();
    let redeemed = redemption::Entity::find()
        .filter(redemption::Column::Id.gte(from))
        .filter(redemption::Column::CouponId.in_subquery(copies))
        .filter(redemption::Column::ReversedAt.is_null());
    for (day, count) in counts(ctx, redeemed, redemption::Column::RedeemedAt, period).await? {
        days.entry(day).and_modify(|row| row.redeemed += count);
    }
    Ok(days.into_values().collect())
}

/// When `left` copies are gone if so many go in so many days.
pub fn gone_at(left: i64, (recent, days): (i64, i64), now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if recent <= 0 || left <= 0 {
        return None;
    }
    let seconds = i128::from(left) * i128::from(days) * 86_400 / i128::from(recent);
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds <= FARTHEST_DAYS * 86_400)?;
    now.checked_add_signed(Duration::seconds(seconds))
}
