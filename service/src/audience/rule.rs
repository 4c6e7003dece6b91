//! The language of segments and its translation into a condition on `member`. Pure: time and zone are parameters.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::states::{AgeBand, Gender, IdentityProvider, LifecycleStage, MemberState, ValueClass};
use entity::{attribute, identity, member, member_attribute, member_tag, rfm_member, rfm_run, tag};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, DbBackend};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::deed::{self, BehaviourTest, BoughtTest, CouponTest, Moment};
use crate::calendar;
use crate::decimal::scaled;
use crate::error::{Error, Result};
use crate::ids::{StoreId, TierId};

const MAX_DEPTH: usize = 6;
const MAX_NODES: usize = 100;
const MAX_AGE: i64 = 150;
const MAX_DORMANT_DAYS: i64 = 36_500;
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// `{"all": [..]}`, `{"any": [..]}`, `{"none": [..]}` nest; everything else is a test of one property. `{"all": []}` is everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    #[schema(no_recursion)]
    All(Vec<Rule>),
    #[schema(no_recursion)]
    Any(Vec<Rule>),
    #[schema(no_recursion)]
    None(Vec<Rule>),
    Gender(Gender),
    /// Full years of age.
    Age(Range),
    AgeBand(AgeBand),
    /// 1 to 12.
    BirthdayMonth(u32),
    /// As the member wrote it.
    Occupation(String),
    /// A value of one of the brand's own attributes.
    Attribute(AttributeTest),
    HomeStore(StoreId),
    Tag(String),
    /// Whole days since the last purchase, counted in the brand's zone. Who never bought is not dormant.
    DormantDays(Range),
    LastPurchase(DateRange),
    NeverBought(bool),
    PurchaseCount(Range),
    PurchaseTotalFen(Range),
    /// By the RFM run that stands, which the night makes anew; nobody while there is none.
    ValueClass(ValueClass),
    /// By the same run.
    LifecycleStage(LifecycleStage),
    Enrolled(DateRange),
    MarketingConsent(bool),
    /// Has an identity of this kind, e.g. `wechat_openid`: can be reached there.
    Identity(IdentityProvider),
    /// Stands on this tier; the lowest one has everybody who holds no other.
    Tier(TierId),
    /// The points that can be spent; who never had any has 0.
    Points(Range),
    Coupon(CouponTest),
    Bought(BoughtTest),
    Behaviour(BehaviourTest),
    /// Has accepted messages by this WeChat template that are still to be sent.
    Subscribed(String),
}

/// Inclusive at both ends; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
}

/// Days in the brand's zone, inclusive at both ends; an absent end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DateRange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// One of: `is` (any of these, as JSON or its text), `at_least`/`at_most` for numbers, `from`/`until` for dates; all inclusive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeTest {
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// Years of age at which the next band begins.
const MIDDLE_AGE: i64 = 35;
const SENIOR_AGE: i64 = 60;
const ATTRIBUTE_VALUES: std::ops::RangeInclusive<usize> = 1..=50;

/// The band of an age in full years.
pub fn age_band(years: i32) -> AgeBand {
    match i64::from(years) {
        ..MIDDLE_AGE => AgeBand::Young,
        MIDDLE_AGE..SENIOR_AGE => AgeBand::MiddleAged,
        _ => AgeBand::Senior,
    }
}

fn years_of(band: AgeBand) -> Range {
    let (at_least, at_most) = match band {
        AgeBand::Young => (None, Some(MIDDLE_AGE - 1)),
        AgeBand::MiddleAged => (Some(MIDDLE_AGE), Some(SENIOR_AGE - 1)),
        AgeBand::Senior => (Some(SENIOR_AGE), None),
    };
    Range { at_least, at_most }
}

impl Rule {
    /// Whether it looks at who carries the tag.
    pub fn asks_for_tag(&self, tag: &str) -> bool {
        self.has(&|test| matches!(test, Self::Tag(name) if name == tag))
    }

    /// Whether it looks at values of the attribute.
    pub fn asks_for_attribute(&self, key: &str) -> bool {
        self.has(&|test| matches!(test, Self::Attribute(asked) if asked.key == key))
    }

    fn has(&self, is_meant: &impl Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) | Self::None(rules) => {
                rules.iter().any(|rule| rule.has(is_meant))
            }
            test => is_meant(test),
        }
    }

    pub fn validate(&self) -> Result<()> {
        let mut nodes = 0;
        self.check("rule", 1, &mut nodes)
    }

    /// True for the rule that picks everybody, which uses nobody's personal traits.
    pub fn is_everybody(&self) -> bool {
        matches!(self, Self::All(rules) if rules.is_empty())
    }

    fn check(&self, path: &str, depth: usize, nodes: &mut usize) -> Result<()> {
        *nodes += 1;
        if depth > MAX_DEPTH || *nodes > MAX_NODES {
            return Err(Error::invalid(
                path,
                format!("at most {MAX_DEPTH} levels and {MAX_NODES} conditions"),
            ));
        }
        match self {
            Self::All(rules) | Self::Any(rules) | Self::None(rules) => {
                for (index, rule) in rules.iter().enumerate() {
                    rule.check(&format!("{path}[{index}]"), depth + 1, nodes)?;
                }
                Ok(())
            }
            Self::Age(range) => range.check_within(path, MAX_AGE),
            Self::DormantDays(range) => range.check_within(path, MAX_DORMANT_DAYS),
            Self::PurchaseCount(range) | Self::PurchaseTotalFen(range) | Self::Points(range) => {
                range.check(path)
            }
            Self::LastPurchase(range) | Self::Enrolled(range) => range.check(path),
            Self::BirthdayMonth(month) if !(1..=12).contains(month) => {
                Err(Error::invalid(path, "birthday_month is a number from 1 to 12"))
            }
            Self::Attribute(test) => test.check(path),
            Self::Coupon(test) => test.check(path),
            Self::Bought(test) => test.check(path),
            Self::Behaviour(test) => test.check(path),
            Self::Subscribed(template) => deed::check_name(Some(template), path),
            Self::Occupation(name) if name.trim().is_empty() => {
                Err(Error::invalid(path, "occupation needs a text"))
            }
            Self::Tag(name) if name.trim().is_empty() => Err(Error::invalid(path, "tag needs a name")),
            _ => Ok(()),
        }
    }

    /// The active members that the rule picks.
    pub fn condition(&self, now: DateTime<Utc>, zone: Tz, backend: DbBackend) -> Condition {
        let day = Day { moment: Moment { now, today: calendar::local_date(now, zone), zone }, backend };
        Condition::all().add(member::Column::State.eq(MemberState::Active)).add(self.translate(&day))
    }

    fn translate(&self, day: &Day) -> Condition {
        match self {
            Self::All(rules) => rules.iter().fold(Condition::all(), |all, rule| all.add(rule.translate(day))),
            Self::Any(rules) => {
                // An empty "any" picks nobody, as no rule of it holds.
                let none_hold = Condition::any().add(Expr::cust("1 = 0"));
                rules.iter().fold(none_hold, |any, rule| any.add(rule.translate(day)))
            }
            Self::None(rules) => {
                rules.iter().fold(Condition::all(), |all, rule| all.add(known(rule.translate(day)).not()))
            }
            leaf => Condition::all().add(leaf.test(day)),
        }
    }

    fn test(&self, day: &Day) -> Expr {
        use member::Column;
        match self {
            Self::Gender(gender) => Column::Gender.eq(*gender),
            Self::Age(range) => day.age(*range),
            Self::AgeBand(band) => day.age(years_of(*band)),
            Self::Occupation(name) => Column::Occupation.eq(name.trim()),
            Self::Attribute(test) => Column::Id.in_subquery(test.holders()),
            Self::BirthdayMonth(month) => day.birthday_month(*month),
            Self::HomeStore(store) => Column::HomeStoreId.eq(*store),
            Self::Tag(name) => Column::Id.in_subquery(tagged(name)),
            Self::DormantDays(range) => day.dormant(*range),
            Self::LastPurchase(range) => day.within(Column::LastPurchaseAt, *range),
            Self::NeverBought(never) => {
                if_else(*never, Column::PurchaseCount.eq(0), Column::PurchaseCount.gt(0))
            }
            Self::PurchaseCount(range) => range.test(Column::PurchaseCount),
            Self::PurchaseTotalFen(range) => range.test(Column::PurchaseTotalFen),
            Self::ValueClass(class) => {
                Column::Id.in_subquery(judged(rfm_member::Column::ValueClass.eq(*class)))
            }
            Self::LifecycleStage(stage) => {
                Column::Id.in_subquery(judged(rfm_member::Column::Stage.eq(*stage)))
            }
            Self::Enrolled(range) => day.within(Column::CreatedAt, *range),
            Self::MarketingConsent(given) => Column::MarketingConsent.eq(*given),
            Self::Identity(provider) => Column::Id.in_subquery(identified(*provider)),
            Self::Tier(tier) => tier_of_member().eq(*tier),
            Self::Points(range) => range.test_of(points_of_member()),
            Self::Coupon(test) => Column::Id.in_subquery(test.members(day.moment)),
            Self::Bought(test) => Column::Id.in_subquery(test.members(day.moment)),
            Self::Behaviour(test) => Column::Id.in_subquery(test.members(day.moment)),
            Self::Subscribed(template) => Column::Id.in_subquery(deed::subscribed(template)),
            Self::All(_) | Self::Any(_) | Self::None(_) => Expr::cust("1 = 1"),
        }
    }
}

impl AttributeTest {
    fn check(&self, path: &str) -> Result<()> {
        let (numbers, dates) = (self.at_least.or(self.at_most), self.from.or(self.until));
        match (&self.is, numbers, dates) {
            (Some(values), None, None) if ATTRIBUTE_VALUES.contains(&values.len()) => Ok(()),
            (Some(_), None, None) => Err(Error::invalid(path, "is needs 1 to 50 values")),
            (None, Some(_), None) => {
                let bounds = self.at_least.iter().chain(&self.at_most);
                let bad = bounds.into_iter().find_map(|bound| scaled(&bound.to_string()).err());
                match (bad, self.at_least.zip(self.at_most)) {
                    (Some(message), _) => Err(Error::invalid(path, message)),
                    (None, Some((low, high))) if low > high => {
                        Err(Error::invalid(path, "at_least is above at_most"))
                    }
                    _ => Ok(()),
                }
            }
            (None, None, Some(_)) => DateRange { from: self.from, until: self.until }.check(path),
            _ => Err(Error::invalid(path, "give one of is, at_least or at_most, from or until")),
        }
    }

    fn holders(&self) -> SelectStatement {
        use member_attribute::Column::{AttributeId, MemberId, Number, Value};
        let column = |column| Expr::col((member_attribute::Entity, column));
        let bound = |bound: Option<f64>| bound.and_then(|bound| scaled(&bound.to_string()).ok());
        let value = match &self.is {
            Some(values) => column(Value).is_in(values.iter().map(String::as_str)),
            None if self.from.or(self.until).is_some() => both(
                self.from.map(|from| column(Value).gte(from.to_string())),
                self.until.map(|until| column(Value).lte(until.to_string())),
            ),
            None => both(
                bound(self.at_least).map(|low| column(Number).gte(low)),
                bound(self.at_most).map(|high| column(Number).lte(high)),
            ),
        };
        Query::select()
            .column((member_attribute::Entity, MemberId))
            .from(member_attribute::Entity)
            .inner_join(
                attribute::Entity,
                Expr::col((attribute::Entity, attribute::Column::Id))
                    .equals((member_attribute::Entity, AttributeId)),
            )
            .and_where(attribute::Column::Key.eq(self.key.as_str()))
            .and_where(value)
            .to_owned()
    }
}

impl Range {
    fn check(self, path: &str) -> Result<()> {
        match (self.at_least, self.at_most) {
            (None, None) => Err(Error::invalid(path, "give at_least or at_most")),
            (Some(low), Some(high)) if low > high => Err(Error::invalid(path, "at_least is above at_most")),
            _ => Ok(()),
        }
    }

    /// Counted back from today, which must stay a date.
    fn check_within(&self, path: &str, most: i64) -> Result<()> {
        if [self.at_least, self.at_most].iter().flatten().any(|number| !(0..=most).contains(number)) {
            return Err(Error::invalid(path, format!("is counted from 0 to {most}")));
        }
        self.check(path)
    }

    /// Of a value that is computed.
    fn test_of(self, value: Expr) -> Expr {
        both(self.at_least.map(|low| value.clone().gte(low)), self.at_most.map(|high| value.lte(high)))
    }

    fn test(self, column: member::Column) -> Expr {
        both(self.at_least.map(|low| column.gte(low)), self.at_most.map(|high| column.lte(high)))
    }
}

impl DateRange {
    fn check(self, path: &str) -> Result<()> {
        match (self.from, self.until) {
            (None, None) => Err(Error::invalid(path, "give from or until")),
            (from, until) if from.into_iter().chain(until).any(|date| !YEARS.contains(&date.year())) => {
                Err(Error::invalid(path, "is a date from 1900 to 2200"))
            }
            (Some(from), Some(until)) if from > until => Err(Error::invalid(path, "from is after until")),
            _ => Ok(()),
        }
    }
}

struct Day {
    moment: Moment,
    backend: DbBackend,
}

impl Day {
    fn within(&self, column: member::Column, range: DateRange) -> Expr {
        both(
            range.from.map(|from| column.gte(calendar::start_of_day(from, self.moment.zone))),
            range.until.map(|until| column.lt(calendar::start_of_day(after(until), self.moment.zone))),
        )
    }

    /// Dormant for at least N days: the last purchase was on the day N days ago or before it.
    fn dormant(&self, range: Range) -> Expr {
        let ago = |days: i64| self.moment.today - Days::new(u64::try_from(days).unwrap_or_default());
        self.within(
            member::Column::LastPurchaseAt,
            DateRange { from: range.at_most.map(ago), until: range.at_least.map(ago) },
        )
    }

    /// Aged at least N: born N years ago today or earlier. At most N: born after the day N + 1 years ago.
    fn age(&self, range: Range) -> Expr {
        let years_ago =
            |years: i64| self.moment.today - Months::new(u32::try_from(years * 12).unwrap_or_default());
        both(
            range.at_least.map(|years| member::Column::Birthday.lte(years_ago(years))),
            range.at_most.map(|years| member::Column::Birthday.gt(years_ago(years + 1))),
        )
    }

    fn birthday_month(&self, month: u32) -> Expr {
        match self.backend {
            DbBackend::Postgres => Expr::cust("EXTRACT(MONTH FROM member.birthday)::int")
                .eq(i32::try_from(month).unwrap_or_default()),
            _ => Expr::cust("strftime('%m', member.birthday)").eq(format!("{month:02}")),
        }
    }
}

fn after(date: NaiveDate) -> NaiveDate {
    date.succ_opt().unwrap_or(date)
}

fn both(low: Option<Expr>, high: Option<Expr>) -> Expr {
    match (low, high) {
        (Some(low), Some(high)) => low.and(high),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => Expr::cust("1 = 1"),
    }
}

fn if_else(holds: bool, yes: Expr, no: Expr) -> Expr {
    if holds { yes } else { no }
}

/// A test of an absent property is unknown in SQL; under "none" it must count as not holding.
fn known(condition: Condition) -> Expr {
    Expr::expr(Func::coalesce([Expr::from(condition), Expr::val(false)]))
}

fn tagged(name: &str) -> SelectStatement {
    Query::select()
        .column((member_tag::Entity, member_tag::Column::MemberId))
        .from(member_tag::Entity)
        .inner_join(
            tag::Entity,
            Expr::col((tag::Entity, tag::Column::Id)).equals((member_tag::Entity, member_tag::Column::TagId)),
        )
        .and_where(tag::Column::Name.eq(name))
        .to_owned()
}

/// Written out, since both databases read it alike: the tier that the member holds, else the lowest.
fn tier_of_member() -> Expr {
    Expr::cust(
        "COALESCE((SELECT tier_id FROM tier_standing WHERE tier_standing.member_id = member.id), \
         (SELECT id FROM tier WHERE rank = 0))",
    )
}

fn points_of_member() -> Expr {
    Expr::cust("COALESCE((SELECT balance FROM points_account WHERE points_account.member_id = member.id), 0)")
}

/// Of whom the run that stands says so.
fn judged(as_what: Expr) -> SelectStatement {
    let standing = Query::select()
        .column((rfm_run::Entity, rfm_run::Column::Id))
        .from(rfm_run::Entity)
        .and_where(rfm_run::Column::Standing.eq(true))
        .to_owned();
    Query::select()
        .column((rfm_member::Entity, rfm_member::Column::MemberId))
        .from(rfm_member::Entity)
        .and_where(rfm_member::Column::RunId.in_subquery(standing))
        .and_where(as_what)
        .to_owned()
}

fn identified(provider: IdentityProvider) -> SelectStatement {
    Query::select()
        .column(identity::Column::MemberId)
        .from(identity::Entity)
        .and_where(identity::Column::Provider.eq(provider))
        .to_owned()
}

/// The years of age on a day, as the page shows them beside a birthday.
pub fn age_on(birthday: NaiveDate, today: NaiveDate) -> i32 {
    let had_birthday = (today.month(), today.day()) >= (birthday.month(), birthday.day());
    today.year() - birthday.year() - i32::from(!had_birthday)
}
