//! A run of the nightly reconciliation: how many accounts were compared, which did not add up.

use sea_orm::entity::prelude::*;

use crate::ids::PointsCheckId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_check")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PointsCheckId,
    pub day: Date,
    pub accounts: i64,
    pub wrong: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub differences: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
