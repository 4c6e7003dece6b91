//! What a refusal at the till tells besides its code: who used the coupon and when, or what has changed since the quote.

use chrono::{DateTime, Utc};
use entity::{redemption, staff, store};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::ids::{CouponId, StoreId};
use crate::refusal::Refusal;

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

/// That a coupon is used up, with what is known of its use.
pub async fn already_redeemed(connection: &impl ConnectionTrait, coupon_id: CouponId) -> Result<Error> {
    let live = redemption::Entity::find()
        .filter(redemption::Column::CouponId.eq(coupon_id))
        .filter(redemption::Column::ReversedAt.is_null())
        .one(connection)
        .await?;
    let Some(live) = live else { return Ok(Refusal::CouponAlreadyRedeemed.into()) };
    let store = store::Entity::find_by_id(live.store_id).one(connection).await?;
    let staff = staff::Entity::find_by_id(live.staff_id).one(connection).await?;
    let used = EarlierUse {
        store_id: live.store_id,
        store_name: store.map(|store| store.name).unwrap_or_default(),
        staff_name: staff.map(|staff| staff.name).unwrap_or_default(),
        order_no: live.order_no,
        redeemed_at: live.redeemed_at,
    };
    let facts = Facts { used: Some(used), ..Facts::default() };
    Ok(Error::because(Refusal::CouponAlreadyRedeemed, facts))
}
