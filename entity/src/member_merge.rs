//! Where a member went who was merged into another. The row is the redirect: `current_id` is who answers today, `into_id` who did
//! at the time.

use sea_orm::entity::prelude::*;

use crate::ids::MemberId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_id: MemberId,
    pub into_id: MemberId,
    pub current_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub cause: String,
    #[sea_orm(column_type = "Text")]
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    /// How many rows of which table moved.
    #[sea_orm(column_type = "JsonBinary")]
    pub moved: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
