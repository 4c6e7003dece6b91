//! A use that a till made while it was cut off, as it was uploaded: redeemed, or in conflict with what happened meanwhile.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, OfflineGrantId, OfflineRedemptionId, RedemptionId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "offline_redemption")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfflineRedemptionId,
    pub grant_id: OfflineGrantId,
    pub store_id: StoreId,
    #[sea_orm(column_type = "Text")]
    pub request_no: String,
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    pub coupon_id: Option<CouponId>,
    pub redemption_id: Option<RedemptionId>,
    #[sea_orm(column_type = "Text")]
    pub conflict: Option<String>,
    pub amount_fen: i64,
    pub discount_fen: i64,
    pub redeemed_at: DateTimeUtc,
    pub uploaded_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
