//! A member's password, as argon2id hashes it.

use sea_orm::entity::prelude::*;

use crate::ids::MemberId;

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_password")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub hash: String,
    pub changed_at: DateTimeUtc,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("member_id", &self.member_id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
