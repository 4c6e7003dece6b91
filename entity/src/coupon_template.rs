//! An offer and its rules. `taken` only ever rises, but for coupons that never reached a member.

use sea_orm::entity::prelude::*;

use crate::ids::CouponTemplateId;
use crate::states::{CouponKind, CouponTemplateState, Validity};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_template")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponTemplateId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub kind: CouponKind,
    pub threshold_fen: i64,
    pub discount_fen: Option<i64>,
    pub pay_percent: Option<i32>,
    pub discount_ceiling_fen: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub gift_name: Option<String>,
    pub validity: Validity,
    pub valid_from: Option<DateTimeUtc>,
    pub valid_until: Option<DateTimeUtc>,
    pub valid_days: Option<i32>,
    pub all_stores: bool,
    pub stock: i64,
    pub taken: i64,
    pub limit_per_member: i32,
    pub claimable: bool,
    pub claim_from: Option<DateTimeUtc>,
    pub claim_until: Option<DateTimeUtc>,
    pub state: CouponTemplateState,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// What one redeemed copy costs the brand, for budgets and results.
    pub cost_fen: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
