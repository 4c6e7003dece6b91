//! Something that a member did in the mini-program.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberEventId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberEventId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub client_id: String,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub page: Option<String>,
    pub at: DateTimeUtc,
    pub duration_ms: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Option<Json>,
    pub received_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
