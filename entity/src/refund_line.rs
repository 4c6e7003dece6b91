//! What of a line was given back. Without lines a refund is of the whole purchase.

use sea_orm::entity::prelude::*;

use crate::ids::{PurchaseLineId, RefundId, RefundLineId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refund_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundLineId,
    pub refund_id: RefundId,
    pub purchase_line_id: Option<PurchaseLineId>,
    pub quantity: i64,
    pub amount_fen: i64,
    pub points: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
