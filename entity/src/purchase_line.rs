//! One article of a purchase.

use sea_orm::entity::prelude::*;

use crate::ids::{PurchaseId, PurchaseLineId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurchaseLineId,
    pub purchase_id: PurchaseId,
    #[sea_orm(column_type = "Text")]
    pub product_code: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub category: Option<String>,
    pub quantity: i64,
    pub price_fen: i64,
    pub cost_fen: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
