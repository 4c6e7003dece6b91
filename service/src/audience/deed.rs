//! The tests of a segment's rule that look at what members did and hold: coupons, goods, what they looked at, what they subscribed to.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::states::CouponState;
use entity::{consent, coupon, member_event, purchase, purchase_line};
use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, StoreId};

const MOST_DAYS: u16 = 3_650;
const LONGEST_NAME: usize = 200;

/// Coupons: which and since when. Of unused ones `within_days` looks forward: they end within so many days; of the others it looks back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponTest {
    pub has: CouponDeed,
    /// Of any template when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<CouponTemplateId>,
    /// Whole days in the brand's zone, counted from today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponDeed {
    /// Holds one that is still good.
    Unused,
    /// Has used one.
    Used,
    /// Has let one run out.
    Expired,
}

/// Goods that were bought and not all given back: those of the category and with the code, where these are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoughtTest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_id: Option<StoreId>,
    /// Whole days in the brand's zone, counted back from today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u16>,
}

/// What the app tells of members who agreed to it, e.g. `page_view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviourTest {
    pub name: String,
    /// Any page when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub at_least: Option<u32>,
    /// Whole days in the brand's zone, counted back from today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u16>,
}

/// The moment that a test is asked in.
#[derive(Clone, Copy)]
pub struct Moment {
    pub now: DateTime<Utc>,
    pub today: NaiveDate,
    pub zone: Tz,
}

impl Moment {
    fn since(self, days: u16) -> DateTime<Utc> {
        calendar::start_of_day(self.today - Days::new(days.into()), self.zone)
    }

    /// The end of the day in so many days.
    fn until(self, days: u16) -> DateTime<Utc> {
        calendar::start_of_day(self.today + Days::new(u64::from(days) + 1), self.zone)
    }
}

impl CouponTest {
    pub fn check(&self, path: &str) -> Result<()> {
        check_days(self.within_days, path)
    }

    pub fn members(&self, moment: Moment) -> SelectStatement {
        use coupon::Column::{MemberId, State, TemplateId, UsedAt, ValidUntil};
        let mut select = Query::select().column(MemberId).from(coupon::Entity).to_owned();
        let days = self.within_days;
        match self.has {
            CouponDeed::Unused => select
                .and_where(State.eq(CouponState::Issued))
                .and_where(ValidUntil.gt(moment.now))
                .and_where_option(days.map(|days| ValidUntil.lt(moment.until(days)))),
            CouponDeed::Used => select
                .and_where(State.eq(CouponState::Used))
                .and_where_option(days.map(|days| UsedAt.gte(moment.since(days)))),
            CouponDeed::Expired => select
                .and_where(State.eq(CouponState::Expired).or(State.eq(CouponState::Issued)))
                .and_where(ValidUntil.lte(moment.now))
                .and_where_option(days.map(|days| ValidUntil.gte(moment.since(days)))),
        };
        select.and_where_option(self.template_id.map(|id| TemplateId.eq(id))).to_owned()
    }
}

impl BoughtTest {
    pub fn check(&self, path: &str) -> Result<()> {
        check_name(self.category.as_deref(), &format!("{path}.category"))?;
        check_name(self.product_code.as_deref(), &format!("{path}.product_code"))?;
        check_days(self.within_days, path)
    }

    pub fn members(&self, moment: Moment) -> SelectStatement {
        use purchase::Column::{Id, MemberId, PurchasedAt, RefundedFen, StoreId, TotalFen};
        let of = |column| Expr::col((purchase::Entity, column));
        let mut select = Query::select();
        select
            .column((purchase::Entity, MemberId))
            .from(purchase::Entity)
            .and_where(of(TotalFen).eq(0).or(of(RefundedFen).lt(of(TotalFen))))
            .and_where_option(self.store_id.map(|store| of(StoreId).eq(store)))
            .and_where_option(self.within_days.map(|days| of(PurchasedAt).gte(moment.since(days))));
        if self.category.is_none() && self.product_code.is_none() {
            return select;
        }
        let line = |column| Expr::col((purchase_line::Entity, column));
        let (category, code) = (self.category.as_deref(), self.product_code.as_deref());
        select
            .inner_join(
                purchase_line::Entity,
                line(purchase_line::Column::PurchaseId).equals((purchase::Entity, Id)),
            )
            .and_where_option(category.map(|name| line(purchase_line::Column::Category).eq(name.trim())))
            .and_where_option(code.map(|code| line(purchase_line::Column::ProductCode).eq(code.trim())))
            .to_owned()
    }
}

impl BehaviourTest {
    pub fn check(&self, path: &str) -> Result<()> {
        check_name(Some(&self.name), &format!("{path}.name"))?;
        check_name(self.page.as_deref(), &format!("{path}.page"))?;
        if self.at_least == Some(0) {
            return Err(Error::invalid(format!("{path}.at_least"), "is at least 1"));
        }
        check_days(self.within_days, path)
    }

    pub fn members(&self, moment: Moment) -> SelectStatement {
        use member_event::Column::{At, MemberId, Name, Page};
        Query::select()
            .column(MemberId)
            .from(member_event::Entity)
            .and_where(Name.eq(self.name.trim()))
            .and_where_option(self.page.as_deref().map(|page| Page.eq(page.trim())))
            .and_where_option(self.within_days.map(|days| At.gte(moment.since(days))))
            .group_by_col(MemberId)
            .and_having(Expr::cust("COUNT(*)").gte(i64::from(self.at_least.unwrap_or(1))))
            .to_owned()
    }
}

/// Who could still be sent to by this subscription template.
pub fn subscribed(template_id: &str) -> SelectStatement {
    use consent::Column::{Available, MemberId, TemplateId};
    Query::select()
        .column(MemberId)
        .from(consent::Entity)
        .and_where(TemplateId.eq(template_id.trim()))
        .and_where(Available.gt(0))
        .to_owned()
}

pub fn check_name(name: Option<&str>, path: &str) -> Result<()> {
    let fits = name.is_none_or(|name| (1..=LONGEST_NAME).contains(&name.trim().chars().count()));
    if fits { Ok(()) } else { Err(Error::invalid(path, format!("must have 1 to {LONGEST_NAME} characters"))) }
}

fn check_days(days: Option<u16>, path: &str) -> Result<()> {
    if days.is_none_or(|days| days <= MOST_DAYS) {
        return Ok(());
    }
    Err(Error::invalid(format!("{path}.within_days"), format!("is counted from 0 to {MOST_DAYS}")))
}
