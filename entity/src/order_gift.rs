//! The coupon that an order was given, or why none: `given`, or the code of the refusal; after a refund `voided`, `valued` or `lapsed`.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, CouponTemplateId, PurchaseId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "order_gift")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purchase_id: PurchaseId,
    pub template_id: CouponTemplateId,
    /// What the order had to come to.
    pub threshold_fen: i64,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    pub coupon_id: Option<CouponId>,
    /// What a gift was worth that was used before its order was given back.
    pub value_fen: i64,
    pub created_at: DateTimeUtc,
    pub taken_back_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
