//! The stores a template is limited to when it is not for all.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponTemplateId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_template_store")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub template_id: CouponTemplateId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub store_id: StoreId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
