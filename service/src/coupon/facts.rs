//! What the refusal of a used coupon tells besides its code: who used it, where and when.

use entity::{redemption, staff, store};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::error::{Error, Result};
use crate::facts::{EarlierUse, Facts};
use crate::ids::CouponId;
use crate::refusal::Refusal;

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
