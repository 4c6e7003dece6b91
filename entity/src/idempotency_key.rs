//! A write that carried an Idempotency-Key, and its answer (encrypted).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub caller: String,
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub key: String,
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    pub status: Option<i32>,
    #[sea_orm(column_type = "Text")]
    pub content_type: Option<String>,
    pub answer: Option<Vec<u8>>,
    /// The `Set-Cookie` of the answer (encrypted).
    pub cookie: Option<Vec<u8>>,
    pub locked_until: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
