//! Something that the brand wants to know of its members.

use sea_orm::entity::prelude::*;

use crate::ids::AttributeId;
use crate::states::AttributeKind;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "attribute")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttributeId,
    #[sea_orm(column_type = "Text", unique)]
    pub key: String,
    #[sea_orm(column_type = "Text")]
    pub label: String,
    pub kind: AttributeKind,
    /// Texts; of a choice alone.
    #[sea_orm(column_type = "JsonBinary")]
    pub choices: Json,
    pub editable_by_member: bool,
    pub archived_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
