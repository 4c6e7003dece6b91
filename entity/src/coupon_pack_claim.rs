//! A pack that a member took. `slot` counts them and is the limit's last guard.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponPackClaimId, CouponPackId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_pack_claim")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponPackClaimId,
    pub pack_id: CouponPackId,
    pub member_id: MemberId,
    pub slot: i32,
    pub claimed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
