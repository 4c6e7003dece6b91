//! What a refusal tells besides its code.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::{CouponId, StoreId};

/// Only what the code is about is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facts {
    /// With `coupon_already_redeemed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<EarlierUse>,
    /// With `quote_changed`: the coupons that are not as they were quoted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<ChangedCoupon>,
    /// With `quote_changed`: what those that can be used take off now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_fen: Option<i64>,
    /// With `segment_in_use`: the names of the campaigns that are not over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaigns: Vec<String>,
}

/// Where, when and by whom a coupon was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EarlierUse {
    pub store_id: StoreId,
    pub store_name: String,
    pub staff_name: String,
    pub order_no: Option<String>,
    pub redeemed_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedCoupon {
    pub coupon_id: CouponId,
    /// Why it can't be used any more.
    pub reason: &'static str,
}
