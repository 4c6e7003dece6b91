//! What a till may take off while it is cut off. `used_fen` is what it has uploaded.

use sea_orm::entity::prelude::*;

use crate::ids::{OfflineGrantId, StaffId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "offline_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfflineGrantId,
    pub store_id: StoreId,
    pub staff_id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub till: String,
    pub ceiling_fen: i64,
    pub used_fen: i64,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
