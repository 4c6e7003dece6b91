//! An offer and its rules. `taken` only ever rises, but for coupons that never reached a member.

use sea_orm::entity::prelude::*;

use crate::ids::CouponTemplateId;
use crate::states::{CouponKind, CouponTemplateState, PartialRefund, Validity};

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
    /// `exchange`: what the customer pays for the article.
    pub exchange_price_fen: Option<i64>,
    /// What an order must have besides the threshold; `coupon::Conditions` reads it.
    #[sea_orm(column_type = "JsonBinary")]
    pub conditions: Json,
    /// One coupon of a group per order, next to those of other groups; without a group it stands alone.
    #[sea_orm(column_type = "Text")]
    pub stacking_group: Option<String>,
    /// `relative`: good from the beginning of the day that is so many days after the claim.
    pub starts_after_days: Option<i32>,
    /// What a member may take in one day of the shop.
    pub limit_per_day: Option<i32>,
    /// What members may take together in one day of the shop, and what they took on `taken_day`.
    pub daily_stock: Option<i64>,
    pub taken_day: Option<Date>,
    pub taken_today: i64,
    /// No more copies than these many fen pay for at `cost_fen` each.
    pub budget_fen: Option<i64>,
    pub transferable: bool,
    /// A code that everybody may type in.
    #[sea_orm(column_type = "Text", unique)]
    pub public_code: Option<String>,
    pub partial_refund: PartialRefund,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
