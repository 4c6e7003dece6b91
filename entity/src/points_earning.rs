//! What a line of a purchase earned, and why. Without a line: the whole of a purchase that has none.

use sea_orm::entity::prelude::*;

use crate::ids::{PointsEarningId, PurchaseId, PurchaseLineId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_earning")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PointsEarningId,
    pub purchase_id: PurchaseId,
    pub purchase_line_id: Option<PurchaseLineId>,
    pub paid_fen: i64,
    pub percent: i32,
    pub points: i64,
    #[sea_orm(column_type = "JsonBinary")]
    pub reasons: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
