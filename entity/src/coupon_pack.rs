//! Several coupons that are claimed as one.

use sea_orm::entity::prelude::*;

use crate::ids::CouponPackId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_pack")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponPackId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub limit_per_member: i32,
    pub claimable: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
