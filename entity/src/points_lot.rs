//! Points that were gained together and expire together. `remaining` is what is left of them.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PointsLotId, PurchaseId};
use crate::states::{LotState, PointsKind};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_lot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PointsLotId,
    pub member_id: MemberId,
    pub kind: PointsKind,
    pub purchase_id: Option<PurchaseId>,
    pub points: i64,
    pub remaining: i64,
    pub state: LotState,
    pub available_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub reminded_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
