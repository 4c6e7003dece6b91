//! A member's points at a glance: a cache of what the ledger adds up to, moved in the ledger's transactions under the member's lock.

use sea_orm::entity::prelude::*;

use crate::ids::MemberId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub balance: i64,
    pub pending: i64,
    pub debt: i64,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
