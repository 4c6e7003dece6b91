//! A coupon's use at a store for an order; at most one that is not reversed.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, MemberId, RedemptionId, StaffId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "redemption")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RedemptionId,
    pub coupon_id: CouponId,
    pub member_id: MemberId,
    pub store_id: StoreId,
    pub staff_id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub request_no: String,
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    #[sea_orm(column_type = "Text")]
    pub order_no: Option<String>,
    pub amount_fen: i64,
    pub discount_fen: i64,
    pub redeemed_at: DateTimeUtc,
    pub reversed_at: Option<DateTimeUtc>,
    pub reversed_by: Option<StaffId>,
    #[sea_orm(column_type = "Text")]
    pub reversal_reason: Option<String>,
    /// Of the coupons that one request used, counted from 0.
    pub part: i32,
    /// What it took off each line of the order: `[{"line": 0, "discount_fen": 120}]`.
    #[sea_orm(column_type = "JsonBinary")]
    pub shares: Json,
    /// `till`, `online` or `offline`.
    #[sea_orm(column_type = "Text")]
    pub source: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
