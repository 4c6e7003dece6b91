//! A saved rule that picks members.

use sea_orm::entity::prelude::*;

use crate::ids::SegmentId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SegmentId,
    #[sea_orm(column_type = "Text", unique)]
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub rule: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// It is nobody's to use any more; campaigns that are over still name it.
    pub deleted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
