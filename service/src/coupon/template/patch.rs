//! A change of a template: which fields of its form become what.

use entity::states::{CouponKind, PartialRefund, Validity};

use super::form::TemplateForm;
use super::moment::Moment;
use crate::coupon::Conditions;
use crate::ids::StoreId;

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
    pub exchange_price_fen: Option<i64>,
    pub conditions: Option<Conditions>,
    pub stacking_group: Option<Option<String>>,
    pub starts_after_days: Option<Option<i32>>,
    pub limit_per_day: Option<Option<i32>>,
    pub daily_stock: Option<Option<i64>>,
    pub budget_fen: Option<Option<i64>>,
    pub transferable: Option<bool>,
    pub public_code: Option<Option<String>>,
    pub partial_refund: Option<PartialRefund>,
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
            exchange_price_fen: self.exchange_price_fen.or(form.exchange_price_fen),
            conditions: self.conditions.unwrap_or(form.conditions),
            stacking_group: self.stacking_group.unwrap_or(form.stacking_group),
            starts_after_days: self.starts_after_days.unwrap_or(form.starts_after_days),
            limit_per_day: self.limit_per_day.unwrap_or(form.limit_per_day),
            daily_stock: self.daily_stock.unwrap_or(form.daily_stock),
            budget_fen: self.budget_fen.unwrap_or(form.budget_fen),
            transferable: self.transferable.unwrap_or(form.transferable),
            public_code: self.public_code.unwrap_or(form.public_code),
            partial_refund: self.partial_refund.unwrap_or(form.partial_refund),
        }
    }
}
