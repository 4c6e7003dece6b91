//! What a coupon asks for besides the threshold: of an order which goods, where it is placed, on which days and hours, and whether it is
//! the member's first; of who takes a copy the tier.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::states::SalesChannel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::basket::Line;
use crate::calendar;
use crate::error::FieldError;
use crate::ids::TierId;
use crate::policy;

const MOST_NAMES: usize = 200;
const LONGEST_NAME: usize = 200;
const MOST_WINDOWS: usize = 20;

/// Every list that is empty asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CouponConditions)]
pub struct Conditions {
    /// Good for articles of these categories, and for those of `products`. For an exchange: the articles to choose from.
    pub categories: Vec<String>,
    /// Product codes.
    pub products: Vec<String>,
    /// Product codes that it is never good for.
    pub excluded_products: Vec<String>,
    pub channels: Vec<SalesChannel>,
    /// In one of these hours, by the store's clock.
    pub windows: Vec<Window>,
    /// The member has bought nothing before.
    pub first_order: bool,
    /// Only members of these tiers may take a copy. Who has one keeps it.
    pub tiers: Vec<TierId>,
}

/// Hours of some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouponWindow)]
pub struct Window {
    /// 1 is Monday; empty for every day.
    #[serde(default)]
    pub weekdays: Vec<u32>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`, no longer good then. At or before `from` it is of the next day; `00:00` to `00:00` is the whole day.
    pub until: String,
}

impl Conditions {
    pub fn fits_goods(&self, line: &Line) -> bool {
        let named = |list: &[String], name: &Option<String>| {
            name.as_ref().is_some_and(|name| list.iter().any(|one| one == name))
        };
        let wanted = !self.names_goods()
            || named(&self.products, &line.product_code)
            || named(&self.categories, &line.category);
        wanted && !named(&self.excluded_products, &line.product_code)
    }

    pub fn names_goods(&self) -> bool {
        !self.products.is_empty() || !self.categories.is_empty()
    }

    pub fn allows_channel(&self, channel: SalesChannel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }

    /// Whether a member of this tier may take a copy.
    pub fn allows_tier(&self, tier: Option<TierId>) -> bool {
        self.tiers.is_empty() || tier.is_some_and(|tier| self.tiers.contains(&tier))
    }

    pub fn is_open_at(&self, now: DateTime<Utc>, zone: Tz) -> bool {
        let today = calendar::local_date(now, zone);
        self.windows.is_empty()
            || self.windows.iter().any(|window| {
                let days = [Some(today), today.pred_opt()].into_iter().flatten();
                days.filter_map(|day| window.on(day, zone)).any(|(from, until)| from <= now && now < until)
            })
    }

    /// When the next of its hours begins.
    pub fn opens_after(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let today = calendar::local_date(now, zone);
        let days = || today.iter_days().take(8);
        let begins = self.windows.iter().flat_map(|window| days().filter_map(|day| window.on(day, zone)));
        begins.map(|(from, _)| from).filter(|from| *from > now).min()
    }

    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut push = |field: &str, message: String| {
            errors.push(FieldError { field: format!("conditions.{field}"), message });
        };
        let lists = [
            ("categories", &self.categories),
            ("products", &self.products),
            ("excluded_products", &self.excluded_products),
        ];
        for (field, list) in lists {
            let good = |name: &String| (1..=LONGEST_NAME).contains(&name.trim().chars().count());
            if list.len() > MOST_NAMES || !list.iter().all(good) {
                push(field, format!("are at most {MOST_NAMES}, of 1 to {LONGEST_NAME} characters"));
            }
        }
        if self.tiers.len() > MOST_NAMES {
            push("tiers", format!("are at most {MOST_NAMES}"));
        }
        if self.windows.len() > MOST_WINDOWS {
            push("windows", format!("are at most {MOST_WINDOWS}"));
        }
        for (index, window) in self.windows.iter().enumerate() {
            if window.times().is_none() {
                push(&format!("windows[{index}]"), "from and until are written HH:MM".to_owned());
            }
            if !window.weekdays.iter().all(|day| (1..=7).contains(day)) {
                push(&format!("windows[{index}].weekdays"), "are numbers from 1 to 7".to_owned());
            }
        }
        errors
    }
}

impl Window {
    fn times(&self) -> Option<(NaiveTime, NaiveTime)> {
        Some((policy::time_of_day("from", &self.from).ok()?, policy::time_of_day("until", &self.until).ok()?))
    }

    /// From when to when it lasts that begins on `day`; none on other weekdays.
    fn on(&self, day: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.weekdays.is_empty() && !self.weekdays.contains(&day.weekday().number_from_monday()) {
            return None;
        }
        let (from, until) = self.times()?;
        let last = if until <= from { day.checked_add_days(Days::new(1))? } else { day };
        Some((calendar::instant(day.and_time(from), zone), calendar::instant(last.and_time(until), zone)))
    }
}
