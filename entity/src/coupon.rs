//! One copy of a template owned by one member. `slot` counts a member's copies of a template and is the limit's last guard.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::states::CouponState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponId,
    pub template_id: CouponTemplateId,
    pub member_id: MemberId,
    pub slot: i32,
    #[sea_orm(column_type = "Text", unique)]
    pub code: String,
    pub state: CouponState,
    pub valid_from: DateTimeUtc,
    pub valid_until: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub source_id: Option<Uuid>,
    pub claimed_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    /// While it is locked: until when, and for which order of the online shop.
    pub locked_until: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text")]
    pub locked_order_no: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
