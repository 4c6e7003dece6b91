//! What became of a member's gift for new members: `given`, or why not.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "welcome_gift")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    pub coupon_id: Option<CouponId>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
