//! A stamp on a sheet, or several that one purchase gave, and what a refund took back.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, StampCardId, StampId, StampSheetId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stamp")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StampId,
    pub sheet_id: StampSheetId,
    pub card_id: StampCardId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub business_id: String,
    pub stamps: i32,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
