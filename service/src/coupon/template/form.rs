//! What staff fill in for a template, the check of it, and the row that it becomes.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::coupon_template;
use entity::states::{CouponKind, CouponTemplateState, PartialRefund, Validity};

use super::moment::Moment;
use crate::coupon::rules::LARGEST_FEN;
use crate::coupon::{Conditions, Offer};
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponTemplateId, StoreId};

const LONGEST_NAME: usize = 60;
const LARGEST_STOCK: i64 = 100_000_000;
const LARGEST_LIMIT: i32 = 100;
const MOST_DAYS: i32 = 3650;
/// A hundred million yuan.
const LARGEST_BUDGET_FEN: i64 = 10_000_000_000;
const LONGEST_CODE: usize = 32;

/// Fields that do not belong to the kind or the validity are ignored and not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateForm {
    pub name: String,
    pub kind: CouponKind,
    pub threshold_fen: i64,
    pub discount_fen: Option<i64>,
    pub pay_percent: Option<i32>,
    pub discount_ceiling_fen: Option<i64>,
    pub gift_name: Option<String>,
    pub validity: Validity,
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
    pub valid_days: Option<i32>,
    pub all_stores: bool,
    pub store_ids: Vec<StoreId>,
    pub stock: i64,
    pub limit_per_member: i32,
    pub claimable: bool,
    pub claim_from: Option<Moment>,
    pub claim_until: Option<Moment>,
    pub cost_fen: i64,
    pub exchange_price_fen: Option<i64>,
    pub conditions: Conditions,
    pub stacking_group: Option<String>,
    pub starts_after_days: Option<i32>,
    pub limit_per_day: Option<i32>,
    pub daily_stock: Option<i64>,
    pub budget_fen: Option<i64>,
    pub transferable: bool,
    pub public_code: Option<String>,
    pub partial_refund: PartialRefund,
}

impl TemplateForm {
    /// A thousand copies, one per member, claimable, good at all stores for 30 days; what the kind needs is still to be said.
    pub fn new(name: &str, kind: CouponKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            threshold_fen: 0,
            discount_fen: None,
            pay_percent: None,
            discount_ceiling_fen: None,
            gift_name: None,
            validity: Validity::Relative,
            valid_from: None,
            valid_until: None,
            valid_days: Some(30),
            all_stores: true,
            store_ids: Vec::new(),
            stock: 1_000,
            limit_per_member: 1,
            claimable: true,
            claim_from: None,
            claim_until: None,
            cost_fen: 0,
            exchange_price_fen: None,
            conditions: Conditions::default(),
            stacking_group: None,
            starts_after_days: None,
            limit_per_day: None,
            daily_stock: None,
            budget_fen: None,
            transferable: false,
            public_code: None,
            partial_refund: PartialRefund::Keep,
        }
    }

    pub fn of(offer: &Offer) -> Self {
        let row = &offer.template;
        Self {
            name: row.name.clone(),
            kind: row.kind,
            threshold_fen: row.threshold_fen,
            discount_fen: row.discount_fen,
            pay_percent: row.pay_percent,
            discount_ceiling_fen: row.discount_ceiling_fen,
            gift_name: row.gift_name.clone(),
            validity: row.validity,
            valid_from: row.valid_from.map(Moment::At),
            valid_until: row.valid_until.map(Moment::At),
            valid_days: row.valid_days,
            all_stores: row.all_stores,
            store_ids: offer.store_ids.clone(),
            stock: row.stock,
            limit_per_member: row.limit_per_member,
            claimable: row.claimable,
            claim_from: row.claim_from.map(Moment::At),
            claim_until: row.claim_until.map(Moment::At),
            cost_fen: row.cost_fen,
            exchange_price_fen: row.exchange_price_fen,
            conditions: offer.conditions.clone(),
            stacking_group: row.stacking_group.clone(),
            starts_after_days: row.starts_after_days,
            limit_per_day: row.limit_per_day,
            daily_stock: row.daily_stock,
            budget_fen: row.budget_fen,
            transferable: row.transferable,
            public_code: row.public_code.clone(),
            partial_refund: row.partial_refund,
        }
    }

    /// The draft that the form describes, with nothing taken yet.
    ///
    /// Every bad field is told at once.
    pub fn into_offer(self, id: CouponTemplateId, now: DateTime<Utc>, zone: Tz) -> Result<Offer> {
        self.validate(zone)?;
        let of_kind = |kind| self.kind == kind;
        let fixed = self.validity == Validity::Fixed;
        let mut store_ids = self.store_ids;
        store_ids.sort_unstable();
        store_ids.dedup();
        let template = coupon_template::Model {
            id,
            name: self.name.trim().to_owned(),
            threshold_fen: self.threshold_fen,
            discount_fen: self.discount_fen.filter(|_| of_kind(CouponKind::MoneyOff)),
            pay_percent: self.pay_percent.filter(|_| of_kind(CouponKind::Percentage)),
            discount_ceiling_fen: self
                .discount_ceiling_fen
                .filter(|_| of_kind(CouponKind::Percentage) || of_kind(CouponKind::FreeDelivery)),
            gift_name: self
                .gift_name
                .filter(|_| of_kind(CouponKind::Gift) || of_kind(CouponKind::Service))
                .map(|name| name.trim().to_owned()),
            exchange_price_fen: self.exchange_price_fen.filter(|_| of_kind(CouponKind::Exchange)),
            kind: self.kind,
            validity: self.validity,
            valid_from: self.valid_from.filter(|_| fixed).map(|from| from.beginning(zone)),
            valid_until: self.valid_until.filter(|_| fixed).map(|until| until.end(zone)),
            valid_days: self.valid_days.filter(|_| !fixed),
            all_stores: self.all_stores,
            stock: self.stock,
            taken: 0,
            limit_per_member: self.limit_per_member,
            claimable: self.claimable,
            claim_from: self.claim_from.map(|from| from.beginning(zone)),
            claim_until: self.claim_until.map(|until| until.end(zone)),
            state: CouponTemplateState::Draft,
            created_at: now,
            updated_at: now,
            cost_fen: self.cost_fen,
            conditions: serde_json::to_value(&self.conditions).map_err(Error::internal)?,
            stacking_group: self.stacking_group.map(|group| group.trim().to_owned()),
            starts_after_days: self.starts_after_days.filter(|_| !fixed),
            limit_per_day: self.limit_per_day,
            daily_stock: self.daily_stock,
            taken_day: None,
            taken_today: 0,
            budget_fen: self.budget_fen,
            transferable: self.transferable,
            public_code: self.public_code.map(|code| typed(&code)),
            partial_refund: self.partial_refund,
        };
        Ok(Offer { template, store_ids, conditions: self.conditions })
    }

    fn validate(&self, zone: Tz) -> Result<()> {
        let mut errors = Errors::default();
        errors.unless(fits(&self.name), "name", format!("must have 1 to {LONGEST_NAME} characters"));
        errors.fen("threshold_fen", Some(self.threshold_fen), 0);
        errors.fen("cost_fen", Some(self.cost_fen), 0);
        self.validate_kind(&mut errors);
        self.validate_validity(&mut errors, zone);
        errors.unless(
            self.all_stores == self.store_ids.is_empty(),
            "store_ids",
            "must name stores when all_stores is false, and none when it is true",
        );
        errors.range("stock", Some(self.stock), 1, LARGEST_STOCK);
        errors.range("limit_per_member", Some(self.limit_per_member.into()), 1, LARGEST_LIMIT.into());
        self.validate_limits(&mut errors);
        errors.0.extend(self.conditions.errors());
        if let (Some(from), Some(until)) = (self.claim_from, self.claim_until) {
            let in_order = from.beginning(zone) <= until.end(zone);
            errors.unless(in_order, "claim_until", "must not lie before claim_from");
        }
        errors.into_result()
    }

    fn validate_limits(&self, errors: &mut Errors) {
        if self.limit_per_day.is_some() {
            let limit = self.limit_per_day.map(i64::from);
            errors.range("limit_per_day", limit, 1, LARGEST_LIMIT.into());
        }
        if self.daily_stock.is_some() {
            errors.range("daily_stock", self.daily_stock, 1, LARGEST_STOCK);
        }
        if let Some(budget) = self.budget_fen {
            let pays = self.cost_fen > 0 && (self.cost_fen..=LARGEST_BUDGET_FEN).contains(&budget);
            errors.unless(pays, "budget_fen", "must pay for a copy at least, and cost_fen be above 0");
        }
        if let Some(group) = &self.stacking_group {
            errors.unless(fits(group), "stacking_group", format!("must have 1 to {LONGEST_NAME} characters"));
        }
        if let Some(code) = &self.public_code {
            let good = (4..=LONGEST_CODE).contains(&typed(code).len())
                && typed(code).bytes().all(|byte| byte.is_ascii_alphanumeric());
            errors.unless(good, "public_code", format!("must have 4 to {LONGEST_CODE} letters and digits"));
        }
    }

    fn validate_kind(&self, errors: &mut Errors) {
        match self.kind {
            CouponKind::MoneyOff => errors.fen("discount_fen", self.discount_fen, 1),
            CouponKind::Percentage => {
                errors.range("pay_percent", self.pay_percent.map(i64::from), 1, 99);
                if self.discount_ceiling_fen.is_some() {
                    errors.fen("discount_ceiling_fen", self.discount_ceiling_fen, 1);
                }
            }
            CouponKind::Exchange => {
                errors.fen("exchange_price_fen", self.exchange_price_fen, 0);
                let named = self.conditions.names_goods();
                errors.unless(named, "conditions", "must name the categories or products to choose from");
            }
            CouponKind::FreeDelivery => {
                if self.discount_ceiling_fen.is_some() {
                    errors.fen("discount_ceiling_fen", self.discount_ceiling_fen, 1);
                }
            }
            CouponKind::Gift | CouponKind::Service => {
                let named = self.gift_name.as_deref().is_some_and(fits);
                errors.unless(named, "gift_name", format!("must have 1 to {LONGEST_NAME} characters"));
            }
        }
    }

    fn validate_validity(&self, errors: &mut Errors, zone: Tz) {
        match (self.validity, self.valid_from, self.valid_until) {
            (Validity::Relative, ..) => {
                errors.range("valid_days", self.valid_days.map(i64::from), 1, MOST_DAYS.into());
                let later = self.starts_after_days.map_or(0, i64::from);
                errors.range("starts_after_days", Some(later), 0, MOST_DAYS.into());
            }
            (Validity::Fixed, Some(from), Some(until)) => {
                let in_order = from.beginning(zone) <= until.end(zone);
                errors.unless(in_order, "valid_until", "must not lie before valid_from");
            }
            (Validity::Fixed, from, until) => {
                errors.unless(from.is_some(), "valid_from", "is needed for a fixed validity");
                errors.unless(until.is_some(), "valid_until", "is needed for a fixed validity");
            }
        }
    }
}

/// A code as it is kept and looked up: without spaces and hyphens, in capitals.
pub(in crate::coupon) fn typed(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_ascii_uppercase()
}

fn fits(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.trim().chars().count())
}

#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn unless(&mut self, good: bool, field: &str, message: impl Into<String>) {
        if !good {
            self.0.push(FieldError { field: field.to_owned(), message: message.into() });
        }
    }

    fn range(&mut self, field: &str, value: Option<i64>, least: i64, most: i64) {
        let good = value.is_some_and(|value| (least..=most).contains(&value));
        self.unless(good, field, format!("must be from {least} to {most}"));
    }

    fn fen(&mut self, field: &str, value: Option<i64>, least: i64) {
        self.range(field, value, least, LARGEST_FEN);
    }

    fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
