//! Coupons, their rules and their redemptions as JSON, the same for members, tills and the console.

use chrono::{DateTime, Utc};
use serde::Serialize;
use service::coupon::{Conditions, HeldCoupon, Offer, Receipt, RedemptionRow};
use service::ids::{CouponId, CouponTemplateId, MemberId, RedemptionId, StaffId, StoreId};
use service::states::{CouponKind, CouponState, PartialRefund};
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
    /// `percentage`, `free_delivery`: it never takes off more than this.
    pub discount_ceiling_fen: Option<i64>,
    /// `gift`, `service`: what is given.
    pub gift_name: Option<String>,
    /// `exchange`: what the customer pays for one of the articles that `conditions` name.
    pub exchange_price_fen: Option<i64>,
    pub all_stores: bool,
    /// The stores where it can be used, when not at all.
    pub store_ids: Vec<StoreId>,
    pub conditions: Conditions,
    /// One coupon of a group per order, next to those of other groups; null: it stands alone.
    pub stacking_group: Option<String>,
    /// Whether it may be given to a friend.
    pub transferable: bool,
    pub partial_refund: PartialRefund,
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
            exchange_price_fen: template.exchange_price_fen,
            conditions: offer.conditions.clone(),
            stacking_group: template.stacking_group.clone(),
            transferable: template.transferable,
            partial_refund: template.partial_refund,
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
    /// While it is locked for an order of the online shop.
    pub locked_until: Option<DateTime<Utc>>,
    pub locked_order_no: Option<String>,
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
            locked_until: coupon.locked_until,
            locked_order_no: coupon.locked_order_no.clone(),
            rules: CouponRulesView::of(&held.offer),
        }
    }
}

/// The use of coupons for an order. Of several coupons, what stands outside of `coupons` is the first one's, and the sums.
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
    /// Every coupon that the request used, in the order in which they were applied.
    pub coupons: Vec<RedeemedCouponView>,
}

#[derive(Serialize, ToSchema)]
pub struct RedeemedCouponView {
    pub redemption_id: RedemptionId,
    pub coupon: CouponView,
    pub discount_fen: i64,
    /// What it took off each line; with what it took off the delivery they sum to `discount_fen`.
    #[schema(value_type = Vec<LineShareView>)]
    pub shares: serde_json::Value,
}

/// What a coupon takes off one line of the order.
#[derive(Serialize, ToSchema)]
pub struct LineShareView {
    /// The line's place in the request, from 0.
    pub line: usize,
    pub discount_fen: i64,
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
            discount_fen: receipt.discount_fen(),
            payable_fen: receipt.payable_fen(),
            redeemed_at: redemption.redeemed_at,
            reversed_at: redemption.reversed_at,
            reversal_reason: redemption.reversal_reason.clone(),
            coupon: CouponView::of(&receipt.held),
            coupons: receipt.parts().map(RedeemedCouponView::of).collect(),
        }
    }
}

impl RedeemedCouponView {
    fn of((redemption, held): (&RedemptionRow, &HeldCoupon)) -> Self {
        Self {
            redemption_id: redemption.id,
            coupon: CouponView::of(held),
            discount_fen: redemption.discount_fen,
            shares: redemption.shares.clone(),
        }
    }
}
