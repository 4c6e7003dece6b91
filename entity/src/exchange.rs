//! Points given for an item of the mall.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, ExchangeId, MallItemId, MemberId, StaffId, StoreId};
use crate::states::ExchangeState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExchangeId,
    pub member_id: MemberId,
    pub item_id: MallItemId,
    #[sea_orm(column_type = "Text")]
    pub request_no: String,
    pub points: i64,
    pub price_fen: i64,
    pub state: ExchangeState,
    pub coupon_id: Option<CouponId>,
    pub store_id: Option<StoreId>,
    pub staff_id: Option<StaffId>,
    pub handed_over_at: Option<DateTimeUtc>,
    pub cancelled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
