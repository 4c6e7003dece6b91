//! What an entry did to a lot: how much `remaining` rose or fell.

use sea_orm::entity::prelude::*;

use crate::ids::{PointsEntryId, PointsLotId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_move")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: PointsEntryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lot_id: PointsLotId,
    pub points: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
