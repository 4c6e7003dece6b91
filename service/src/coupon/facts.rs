//! What the refusal of a used coupon tells besides its code: who used it, where and when.

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
    store_id: StoreId,
    order_no: Option<String>,
    redeemed_at: DateTime<Utc>,
    store_name: Option<String>,
    staff_name: Option<String>,
}

/// That a coupon is used up, with what is known of its use.
pub async fn already_redeemed(connection: &impl ConnectionTrait, coupon_id: CouponId) -> Result<Error> {
    use redemption::Column::{OrderNo, RedeemedAt, StaffId, StoreId};
    let at_store = redemption::Entity::belongs_to(store::Entity).from(StoreId).to(store::Column::Id);
    let by_staff = redemption::Entity::belongs_to(staff::Entity).from(StaffId).to(staff::Column::Id);
    let live = redemption::Entity::find()
        .select_only()
        .columns([StoreId, OrderNo, RedeemedAt])
        .column_as(store::Column::Name, "store_name")
        .column_as(staff::Column::Name, "staff_name")
        .join(JoinType::LeftJoin, at_store.into())
        .join(JoinType::LeftJoin, by_staff.into())
        .filter(redemption::Column::CouponId.eq(coupon_id))
        .filter(redemption::Column::ReversedAt.is_null())
        .into_model::<Use>()
        .one(connection)
        .await?;
    let Some(live) = live else { return Ok(Refusal::CouponAlreadyRedeemed.into()) };
    let used = EarlierUse {
        store_id: live.store_id,
        store_name: live.store_name.unwrap_or_default(),
        staff_name: live.staff_name.unwrap_or_default(),
        order_no: live.order_no,
        redeemed_at: live.redeemed_at,
    };
    let facts = Facts { used: Some(used), ..Facts::default() };
    Ok(Error::because(Refusal::CouponAlreadyRedeemed, facts))
}
