//! One step of the ladder: what it asks for and what it gives. `rank` 0 is the lowest.

use sea_orm::entity::prelude::*;

use crate::ids::TierId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TierId,
    pub rank: i32,
    #[sea_orm(column_type = "Text", unique)]
    pub name: String,
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
    pub points_percent: i32,
    pub birthday_percent: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub coupon_template_ids: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub rights: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
