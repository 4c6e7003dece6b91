//! A code made to be typed in once, e.g. from a printed newsletter.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, CouponTemplateId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub code: String,
    pub template_id: CouponTemplateId,
    #[sea_orm(column_type = "Text")]
    pub batch: String,
    pub member_id: Option<MemberId>,
    pub coupon_id: Option<CouponId>,
    pub used_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
