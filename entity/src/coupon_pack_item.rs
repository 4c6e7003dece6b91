//! How many copies of a template a pack holds.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponPackId, CouponTemplateId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_pack_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub pack_id: CouponPackId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub template_id: CouponTemplateId,
    pub copies: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
