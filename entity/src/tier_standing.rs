//! A member's tier. Who has no row stands on the lowest one.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, TierId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_standing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub tier_id: TierId,
    pub since: DateTimeUtc,
    pub misses: i32,
    #[sea_orm(column_type = "Text")]
    pub checked_period: Option<String>,
    pub ends_at: Option<DateTimeUtc>,
    pub frozen_until: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
