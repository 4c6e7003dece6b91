//! The consent ledger's evidence, append-only; `event_key` makes a repeated platform event harmless.

use sea_orm::entity::prelude::*;

use crate::ids::{ConsentEventId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentEventId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub template_id: String,
    #[sea_orm(column_type = "Text")]
    pub change: String,
    pub amount: i32,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    #[sea_orm(column_type = "Text", unique)]
    pub event_key: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub evidence: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
