//! One paid order of a member at a store.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PurchaseId, StaffId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurchaseId,
    pub store_id: StoreId,
    #[sea_orm(column_type = "Text")]
    pub order_no: String,
    pub member_id: MemberId,
    pub staff_id: Option<StaffId>,
    pub total_fen: i64,
    pub quantity: i64,
    pub purchased_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub created_at: DateTimeUtc,
    /// What of `total_fen` was given back.
    pub refunded_fen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
