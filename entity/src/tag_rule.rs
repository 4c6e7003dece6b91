//! The rule by which members get a tag, and how far the pass over them has come.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, TagId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tag_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: TagId,
    #[sea_orm(column_type = "JsonBinary")]
    pub rule: Json,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The last member that the pass under way has seen.
    pub cursor: Option<MemberId>,
    pub pass_began_at: Option<DateTimeUtc>,
    /// None while a pass is under way.
    pub pass_ended_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
