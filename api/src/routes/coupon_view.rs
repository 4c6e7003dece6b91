//! Coupons, their rules and their redemptions as JSON, the same for members, tills and the console.

use chrono::{DateTime, Utc};
use serde::Serialize;
use service::coupon::{HeldCoupon, Offer, Receipt};
use service::ids::{CouponId, CouponTemplateId, MemberId, RedemptionId, StaffId, StoreId};
use service::states::{CouponKind, CouponState};
use utoipa::ToSchema;

/// What a coupon does. Which of the optional fields are there depends on `kind`.
#[derive(Clone, Serialize, ToSchema)]
pub struct CouponRulesView {
    pub name: String,
    pub kind: CouponKind,
    /// The order must cost at least this much.
    pub threshold_fen: i64,
    /// `money_off`: what it takes off.
    pub discount_fen: Option<i64>,
    /// `percentage`: what the customer pays, 85 for 15 % off.
    pub pay_percent: Option<i32>,
    /// `percentage`: it never takes off more than this.
    pub discount_ceiling_fen: Option<i64>,
    /// `gift`: what is given.
    pub gift_name: Option<String>,
    pub all_stores: bool,
    /// The stores where it can be used, when not at all.
    pub store_ids: Vec<StoreId>,
}

impl CouponRulesView {
    pub fn of(offer: &Offer) -> Self {
        let template = &offer.template;
        Self {
            name: template.name.clone(),
            kind: template.kind,
            threshold_fen: template.threshold_fen,
            discount_fen: template.discount_fen,
            pay_percent: template.pay_percent,
            discount_ceiling_fen: template.discount_ceiling_fen,
            gift_name: template.gift_name.clone(),
            all_stores: template.all_stores,
            store_ids: offer.store_ids.clone(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CouponView {
    pub id: CouponId,
    pub template_id: CouponTemplateId,
    /// 12 characters to show or to type.
    pub code: String,
    pub state: CouponState,
    pub valid_from: DateTime<Utc>,
    /// The last second in which it is good.
    pub valid_until: DateTime<Utc>,
    pub claimed_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub rules: CouponRulesView,
}

impl CouponView {
    pub fn of(held: &HeldCoupon) -> Self {
        let coupon = &held.coupon;
        Self {
            id: coupon.id,
            template_id: coupon.template_id,
            code: coupon.code.clone(),
            state: coupon.state,
            valid_from: coupon.valid_from,
            valid_until: coupon.valid_until,
            claimed_at: coupon.claimed_at,
            used_at: coupon.used_at,
            rules: CouponRulesView::of(&held.offer),
        }
    }
}

/// A coupon's use for an order.
#[derive(Serialize, ToSchema)]
pub struct RedemptionView {
    pub redemption_id: RedemptionId,
    pub store_id: StoreId,
    pub member_id: MemberId,
    pub staff_id: StaffId,
    pub request_no: String,
    pub order_no: Option<String>,
    pub amount_fen: i64,
    pub discount_fen: i64,
    pub payable_fen: i64,
    pub redeemed_at: DateTime<Utc>,
    pub reversed_at: Option<DateTime<Utc>>,
    pub reversal_reason: Option<String>,
    pub coupon: CouponView,
}

impl RedemptionView {
    pub fn of(receipt: &Receipt) -> Self {
        let redemption = &receipt.redemption;
        Self {
            redemption_id: redemption.id,
            store_id: redemption.store_id,
            member_id: redemption.member_id,
            staff_id: redemption.staff_id,
            request_no: redemption.request_no.clone(),
            order_no: redemption.order_no.clone(),
            amount_fen: redemption.amount_fen,
            discount_fen: redemption.discount_fen,
            payable_fen: receipt.payable_fen(),
            redeemed_at: redemption.redeemed_at,
            reversed_at: redemption.reversed_at,
            reversal_reason: redemption.reversal_reason.clone(),
            coupon: CouponView::of(&receipt.held),
        }
    }
}
