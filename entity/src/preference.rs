//! A member's own, stricter wishes.

use sea_orm::entity::prelude::*;

use crate::ids::MemberId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "preference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub weekly_limit: Option<i32>,
    /// So many in 7 days, by channel.
    #[sea_orm(column_type = "JsonBinary")]
    pub channel_limits: Option<Json>,
    #[sea_orm(column_type = "Text")]
    pub quiet_start: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub quiet_end: Option<String>,
    pub paused_until: Option<DateTimeUtc>,
    pub personalised: bool,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
