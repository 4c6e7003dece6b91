//! How many members a segment picked on a day of the shop.

use sea_orm::entity::prelude::*;

use crate::ids::SegmentId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "segment_size")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub segment_id: SegmentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    pub members: i64,
    pub counted_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
