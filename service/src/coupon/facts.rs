//! What the refusal of a used coupon tells besides its code: who used it, where and when.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{redemption, staff, store};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect,
};

use crate::error::{Error, Result};
use crate::facts::{EarlierUse, Facts};
use crate::ids::{CouponId, StoreId};
use crate::refusal::Refusal;

#[derive(FromQueryResult)]
struct Use {
    coupon_id: CouponId,
    store_id: StoreId,
    order_no: Option<String>,
    redeemed_at: DateTime<Utc>,
    store_name: Option<String>,
    staff_name: Option<String>,
}

/// That a coupon is used up, with what is known of its use.
pub async fn already_redeemed(connection: &impl ConnectionTrait, coupon_id: CouponId) -> Result<Error> {
    let used = earlier_uses(connection, &[coupon_id]).await?.remove(&coupon_id);
    let facts = Facts { used, ..Facts::default() };
    Ok(Error::because(Refusal::CouponAlreadyRedeemed, facts))
}

/// The uses of those coupons that are used and whose use was not reversed.
pub async fn earlier_uses(
    connection: &impl ConnectionTrait,
    coupons: &[CouponId],
) -> Result<HashMap<CouponId, EarlierUse>> {
    use redemption::Column::{CouponId, OrderNo, RedeemedAt, ReversedAt, StaffId, StoreId};
    let at_store = redemption::Entity::belongs_to(store::Entity).from(StoreId).to(store::Column::Id);
    let by_staff = redemption::Entity::belongs_to(staff::Entity).from(StaffId).to(staff::Column::Id);
    let uses = redemption::Entity::find()
        .select_only()
        .columns([CouponId, StoreId, OrderNo, RedeemedAt])
        .column_as(store::Column::Name, "store_name")
        .column_as(staff::Column::Name, "staff_name")
        .join(JoinType::LeftJoin, at_store.into())
        .join(JoinType::LeftJoin, by_staff.into())
        .filter(CouponId.is_in(coupons.iter().copied()))
        .filter(ReversedAt.is_null())
        .into_model::<Use>()
        .all(connection)
        .await?;
    Ok(uses.into_iter().map(|of| (of.coupon_id, of.told())).collect())
}

impl Use {
    fn told(self) -> EarlierUse {
        EarlierUse {
            store_id: self.store_id,
            store_name: self.store_name.unwrap_or_default(),
            staff_name: self.staff_name.unwrap_or_default(),
            order_no: self.order_no,
            redeemed_at: self.redeemed_at,
        }
    }
}
