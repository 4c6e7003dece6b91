//! A member's round of a stamp card.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, MemberId, StampCardId, StampSheetId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stamp_sheet")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StampSheetId,
    pub card_id: StampCardId,
    pub member_id: MemberId,
    pub round: i32,
    pub stamps: i32,
    pub completed_at: Option<DateTimeUtc>,
    pub coupon_id: Option<CouponId>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
