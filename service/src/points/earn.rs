//! What a purchase earns, pure: the rules of the brand, the basket and the shopper in, points by line with their reasons out.
//!
//! The total that was paid is shared among the lines by their prices, so that the shares sum to it. Points are rounded
//! half-up once per line. What a refund leaves is rounded the same way, so that a whole refund takes back exactly what was given.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::policy::{Combine, PointsPolicy};
use crate::calendar;
use crate::ids::{PurchaseLineId, StoreId, TierId};

const NORMAL: i32 = 100;

/// A rule holds for the lines that all its conditions fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EarnRule {
    /// Stands on the receipt as the reason.
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    #[serde(default)]
    pub when: EarnConditions,
    pub effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Of the normal points: 200 is double.
    Percent(i32),
    /// These lines earn nothing.
    Exclude,
}

/// What is empty or absent fits everything.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EarnConditions {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<TierId>,
    /// 1 is Monday.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days_of_month: Vec<u32>,
    /// Days in the brand's zone, both included.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub birthday: Option<BirthdaySpan>,
    /// The purchase is of so much or more.
    pub least_fen: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BirthdaySpan {
    Day,
    Month,
}

/// A purchase as the rules see it.
#[derive(Debug, Clone)]
pub struct Basket {
    pub store_id: StoreId,
    pub purchased_at: DateTime<Utc>,
    pub total_fen: i64,
    pub lines: Vec<BasketLine>,
}

#[derive(Debug, Clone)]
pub struct BasketLine {
    /// None: the whole purchase, of which no lines are known.
    pub id: Option<PurchaseLineId>,
    pub product_code: Option<String>,
    pub category: Option<String>,
    /// Price times quantity, before discounts.
    pub gross_fen: i64,
}

/// Who buys, as far as points go.
#[derive(Debug, Clone, Default)]
pub struct Shopper {
    pub birthday: Option<NaiveDate>,
    pub tier: Option<ShopperTier>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ShopperTier {
    pub id: TierId,
    pub name: String,
    /// Of the normal points, always.
    pub points_percent: i32,
    /// Of the normal points, in the month of the birthday.
    pub birthday_percent: i32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Earned {
    pub line_id: Option<PurchaseLineId>,
    /// The line's share of what was paid.
    pub paid_fen: i64,
    pub percent: i32,
    pub points: i64,
    pub reasons: Vec<Reason>,
}

/// Why a line earned what it did, as it stands on the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// `rule`, `tier`, `tier_birthday`, `excluded`.
    pub kind: String,
    /// The rule's or the tier's name.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<i32>,
}

pub fn earn(policy: &PointsPolicy, basket: &Basket, shopper: &Shopper, zone: Tz) -> Vec<Earned> {
    let day = calendar::local_date(basket.purchased_at, zone);
    let gross: Vec<i64> = basket.lines.iter().map(|line| line.gross_fen).collect();
    let shares = share(basket.total_fen, &gross);
    let of_line = |(line, paid_fen): (&BasketLine, i64)| {
        let fits = |rule: &&EarnRule| rule.when.fit(basket, line, (shopper, day));
        let rules: Vec<&EarnRule> = policy.rules.iter().filter(fits).collect();
        let (percent, reasons) = multiplier(policy.combine, &rules, (shopper, day));
        let points = half_up(paid_fen, policy.per_yuan * i64::from(percent), 100 * 100);
        Earned { line_id: line.id, paid_fen, percent, points, reasons }
    };
    basket.lines.iter().zip(shares).map(of_line).collect()
}

impl EarnConditions {
    fn fit(&self, basket: &Basket, line: &BasketLine, (shopper, day): (&Shopper, NaiveDate)) -> bool {
        let named = |names: &[String], name: &Option<String>| {
            names.is_empty() || name.as_ref().is_some_and(|name| names.contains(name))
        };
        let tier = shopper.tier.as_ref().map(|tier| tier.id);
        (self.stores.is_empty() || self.stores.contains(&basket.store_id))
            && named(&self.categories, &line.category)
            && named(&self.products, &line.product_code)
            && (self.tiers.is_empty() || tier.is_some_and(|tier| self.tiers.contains(&tier)))
            && (self.weekdays.is_empty() || self.weekdays.contains(&day.weekday().number_from_monday()))
            && (self.days_of_month.is_empty() || self.days_of_month.contains(&day.day()))
            && self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day <= until)
            && self.birthday.is_none_or(|span| is_birthday(shopper.birthday, day, span))
            && self.least_fen.is_none_or(|least| least <= basket.total_fen)
    }
}

fn multiplier(
    combine: Combine,
    rules: &[&EarnRule],
    (shopper, day): (&Shopper, NaiveDate),
) -> (i32, Vec<Reason>) {
    let excluding = rules.iter().find(|rule| rule.effect == Effect::Exclude);
    if let Some(rule) = excluding {
        return (0, vec![Reason { kind: "excluded".to_owned(), name: rule.name.clone(), percent: None }]);
    }
    let mut reasons = tier_reasons(shopper, day);
    reasons.extend(rules.iter().filter_map(|rule| match rule.effect {
        Effect::Percent(percent) => Some(reason("rule", &rule.name, percent)),
        Effect::Exclude => None,
    }));
    match combine {
        Combine::Highest => {
            // The best one counts, and a lower rate only where nothing better fits.
            let best = reasons.into_iter().max_by_key(|reason| reason.percent);
            (best.as_ref().and_then(|best| best.percent).unwrap_or(NORMAL), best.into_iter().collect())
        }
        Combine::Multiply => {
            let percents = reasons.iter().filter_map(|reason| reason.percent).map(i64::from);
            let product = percents.fold(i64::from(NORMAL), |all, percent| half_up(all, percent, 100));
            (i32::try_from(product).unwrap_or(i32::MAX), reasons)
        }
    }
}

fn tier_reasons(shopper: &Shopper, day: NaiveDate) -> Vec<Reason> {
    let Some(tier) = &shopper.tier else { return Vec::new() };
    let mut reasons = Vec::new();
    if tier.points_percent != NORMAL {
        reasons.push(reason("tier", &tier.name, tier.points_percent));
    }
    if tier.birthday_percent > NORMAL && is_birthday(shopper.birthday, day, BirthdaySpan::Month) {
        reasons.push(reason("tier_birthday", &tier.name, tier.birthday_percent));
    }
    reasons
}

fn reason(kind: &str, name: &str, percent: i32) -> Reason {
    Reason { kind: kind.to_owned(), name: name.to_owned(), percent: Some(percent) }
}

/// Who was born on 29 February has the birthday on the 28th in other years.
fn is_birthday(birthday: Option<NaiveDate>, day: NaiveDate, span: BirthdaySpan) -> bool {
    let Some(birthday) = birthday else { return false };
    match span {
        BirthdaySpan::Month => birthday.month() == day.month(),
        BirthdaySpan::Day => {
            let this_year =
                birthday.with_year(day.year()).or_else(|| birthday.pred_opt()?.with_year(day.year()));
            this_year == Some(day)
        }
    }
}

/// Shares `total` by weight; the shares sum to it. What rounding leaves goes to the largest remainders, the first first. Without
/// any weight the first takes all.
pub fn share(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        let first = |index: usize| if index == 0 { total } else { 0 };
        return (0..weights.len()).map(first).collect();
    }
    let exact: Vec<i128> = weights.iter().map(|weight| i128::from(total) * i128::from(*weight)).collect();
    let mut shares: Vec<i64> = exact.iter().map(|part| narrow(part / sum)).collect();
    let left = total - shares.iter().sum::<i64>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact[*index] % sum));
    for index in by_remainder.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        shares[index] += 1;
    }
    shares
}

/// What a line that earned `points` for `paid_fen` keeps of them when only `left_fen` of it is left.
pub fn kept(points: i64, paid_fen: i64, left_fen: i64) -> i64 {
    if paid_fen == 0 { 0 } else { half_up(points, left_fen, paid_fen) }
}

/// `number * by / of` of numbers that are not negative, rounded half-up.
pub fn half_up(number: i64, by: i64, of: i64) -> i64 {
    let product = i128::from(number) * i128::from(by);
    let of = i128::from(of);
    narrow((2 * product + of) / (2 * of))
}

fn narrow(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
