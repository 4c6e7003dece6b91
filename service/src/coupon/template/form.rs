//! What staff fill in for a template, the check of it, and the row that it becomes.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::coupon_template;
use entity::states::{CouponKind, CouponTemplateState, Validity};

use super::moment::Moment;
use crate::coupon::Offer;
use crate::coupon::rules::LARGEST_FEN;
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponTemplateId, StoreId};

const LONGEST_NAME: usize = 60;
const LARGEST_STOCK: i64 = 100_000_000;
const LARGEST_LIMIT: i32 = 100;
const MOST_DAYS: i32 = 3650;

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
}

/// A change: what is none stays. The doubly optional ones can also be emptied.
#[derive(Debug, Clone, Default)]
pub struct TemplatePatch {
    pub name: Option<String>,
    pub kind: Option<CouponKind>,
    pub threshold_fen: Option<i64>,
    pub discount_fen: Option<i64>,
    pub pay_percent: Option<i32>,
    pub discount_ceiling_fen: Option<Option<i64>>,
    pub gift_name: Option<String>,
    pub validity: Option<Validity>,
    pub valid_from: Option<Moment>,
    pub valid_until: Option<Moment>,
    pub valid_days: Option<i32>,
    pub all_stores: Option<bool>,
    pub store_ids: Option<Vec<StoreId>>,
    pub stock: Option<i64>,
    pub limit_per_member: Option<i32>,
    pub claimable: Option<bool>,
    pub claim_from: Option<Option<Moment>>,
    pub claim_until: Option<Option<Moment>>,
    pub cost_fen: Option<i64>,
}

impl TemplatePatch {
    /// Naming stores limits the template to them, and opening it to all stores forgets the named ones.
    pub fn apply(self, form: TemplateForm) -> TemplateForm {
        let all_stores =
            self.all_stores.or(self.store_ids.as_ref().map(Vec::is_empty)).unwrap_or(form.all_stores);
        let named_before = if all_stores { Vec::new() } else { form.store_ids };
        TemplateForm {
            name: self.name.unwrap_or(form.name),
            kind: self.kind.unwrap_or(form.kind),
            threshold_fen: self.threshold_fen.unwrap_or(form.threshold_fen),
            discount_fen: self.discount_fen.or(form.discount_fen),
            pay_percent: self.pay_percent.or(form.pay_percent),
            discount_ceiling_fen: self.discount_ceiling_fen.unwrap_or(form.discount_ceiling_fen),
            gift_name: self.gift_name.or(form.gift_name),
            validity: self.validity.unwrap_or(form.validity),
            valid_from: self.valid_from.or(form.valid_from),
            valid_until: self.valid_until.or(form.valid_until),
            valid_days: self.valid_days.or(form.valid_days),
            all_stores,
            store_ids: self.store_ids.unwrap_or(named_before),
            stock: self.stock.unwrap_or(form.stock),
            limit_per_member: self.limit_per_member.unwrap_or(form.limit_per_member),
            claimable: self.claimable.unwrap_or(form.claimable),
            claim_from: self.claim_from.unwrap_or(form.claim_from),
            claim_until: self.claim_until.unwrap_or(form.claim_until),
            cost_fen: self.cost_fen.unwrap_or(form.cost_fen),
        }
    }
}

impl TemplateForm {
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
            discount_ceiling_fen: self.discount_ceiling_fen.filter(|_| of_kind(CouponKind::Percentage)),
            gift_name: self
                .gift_name
                .filter(|_| of_kind(CouponKind::Gift))
                .map(|name| name.trim().to_owned()),
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
        };
        Ok(Offer { template, store_ids })
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
        if let (Some(from), Some(until)) = (self.claim_from, self.claim_until) {
            let in_order = from.beginning(zone) <= until.end(zone);
            errors.unless(in_order, "claim_until", "must not lie before claim_from");
        }
        errors.into_result()
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
            CouponKind::Gift => {
                let named = self.gift_name.as_deref().is_some_and(fits);
                errors.unless(named, "gift_name", format!("must have 1 to {LONGEST_NAME} characters"));
            }
        }
    }

    fn validate_validity(&self, errors: &mut Errors, zone: Tz) {
        match (self.validity, self.valid_from, self.valid_until) {
            (Validity::Relative, ..) => {
                errors.range("valid_days", self.valid_days.map(i64::from), 1, MOST_DAYS.into());
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
