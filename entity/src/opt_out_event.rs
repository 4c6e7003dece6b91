//! What was said for or against messages, with its evidence: kept after the opt-out itself is gone.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, OptOutEventId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "opt_out_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OptOutEventId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub channel: String,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    #[sea_orm(column_type = "Text")]
    pub change: String,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub evidence: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
