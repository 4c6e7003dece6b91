//! Money given back for a purchase, and what that took back.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PurchaseId, RefundId, StaffId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    pub purchase_id: PurchaseId,
    pub store_id: StoreId,
    pub member_id: MemberId,
    pub staff_id: Option<StaffId>,
    #[sea_orm(column_type = "Text")]
    pub refund_no: String,
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    pub amount_fen: i64,
    pub points: i64,
    pub debt_points: i64,
    pub deducted_fen: i64,
    pub coupon_fen: i64,
    pub gift_fen: i64,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    pub refunded_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
