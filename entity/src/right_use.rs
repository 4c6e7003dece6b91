//! A use of a right that a tier gives. `seq` counts the uses of a period, so that two at once cannot pass the quota.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, RightUseId, StaffId, StoreId, TierId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "right_use")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RightUseId,
    pub member_id: MemberId,
    pub tier_id: TierId,
    #[sea_orm(column_type = "Text")]
    pub right_code: String,
    #[sea_orm(column_type = "Text")]
    pub period: String,
    pub seq: i32,
    pub store_id: StoreId,
    pub staff_id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub request_no: String,
    pub used_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
