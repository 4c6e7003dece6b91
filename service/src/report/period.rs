//! A span of days in the shop's zone, and who may look at which stores.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, DbBackend};

use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::{StaffCaller, StoreScope};

const LONGEST_DAYS: i64 = 400;
const DEFAULT_DAYS: u64 = 28;

/// From the first day's beginning until before the beginning of the day after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Period {
    /// The last four weeks up to today where nothing is asked for.
    pub fn asked(ctx: &Context, first: Option<NaiveDate>, last: Option<NaiveDate>) -> Result<Self> {
        let last = last.unwrap_or_else(|| calendar::local_date(ctx.now(), ctx.settings.timezone));
        let first =
            first.unwrap_or_else(|| last.checked_sub_days(Days::new(DEFAULT_DAYS - 1)).unwrap_or(last));
        if first > last {
            return Err(Error::invalid("from", "is after `to`"));
        }
        if (last - first).num_days() >= LONGEST_DAYS {
            return Err(Error::invalid("from", format!("is more than {LONGEST_DAYS} days before `to`")));
        }
        Ok(Self { first, last })
    }

    pub fn from(self, ctx: &Context) -> DateTime<Utc> {
        calendar::start_of_day(self.first, ctx.settings.timezone)
    }

    pub fn until(self, ctx: &Context) -> DateTime<Utc> {
        let next = self.last.succ_opt().unwrap_or(self.last);
        calendar::start_of_day(next, ctx.settings.timezone)
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day <= self.last)
    }

    /// As many days, right before.
    pub fn before(self) -> Self {
        let days = Days::new((self.last - self.first).num_days().unsigned_abs() + 1);
        let back = |day: NaiveDate| day.checked_sub_days(days).unwrap_or(day);
        Self { first: back(self.first), last: back(self.last) }
    }
}

/// The quarter of an hour of a time, counted since 1970: every zone's day is a whole number of them.
pub fn quarter<C: ColumnTrait>(backend: DbBackend, column: C) -> Expr {
    let column = Expr::col(column.as_column_ref());
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("floor(extract(epoch from $1) / 900)::bigint", [column]),
        _ => Expr::cust_with_exprs("cast(strftime('%s', ?) as integer) / 900", [column]),
    }
}

/// The hour of a day that began at `start`, from 0: whole hours that have passed since, so that a day on which clocks change has 23
/// or 25 of them.
pub fn hour_since<C: ColumnTrait>(backend: DbBackend, column: C, start: DateTime<Utc>) -> Expr {
    let (column, start) = (Expr::col(column.as_column_ref()), start.timestamp());
    // As a literal: grouping by a bound value is not grouping by what was selected.
    match backend {
        DbBackend::Postgres => {
            let hour = format!("floor((extract(epoch from $1) - {start}) / 3600)::bigint");
            Expr::cust_with_exprs(hour, [column])
        }
        _ => {
            Expr::cust_with_exprs(format!("(cast(strftime('%s', ?) as integer) - {start}) / 3600"), [column])
        }
    }
}

/// The day on which a quarter of an hour lies.
pub fn day_of(ctx: &Context, quarter: i64) -> Option<NaiveDate> {
    let at = DateTime::from_timestamp(quarter.checked_mul(900)?, 0)?;
    Some(calendar::local_date(at, ctx.settings.timezone))
}

/// Only what the caller may see.
pub fn seen_by<C: ColumnTrait>(staff: &StaffCaller, store: C) -> Condition {
    match &staff.stores {
        StoreScope::All => Condition::all(),
        StoreScope::Only(stores) => Condition::all().add(store.is_in(stores.iter().copied())),
    }
}
