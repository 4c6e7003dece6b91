//! One line of the points ledger, append-only. `(kind, business_id)` is unique: what happened once is written once.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PointsEntryId};
use crate::states::PointsKind;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PointsEntryId,
    pub member_id: MemberId,
    pub kind: PointsKind,
    #[sea_orm(column_type = "Text")]
    pub business_id: String,
    pub points: i64,
    pub pending: i64,
    pub debt_change: i64,
    pub balance_after: i64,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
