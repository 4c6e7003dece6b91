//! A code that a till has read, good for a few minutes at that store: a card's, used up for its purpose, or a coupon's own.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, MemberId, ScanId, StaffId, StoreId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scan")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScanId,
    pub member_id: MemberId,
    pub staff_id: StaffId,
    pub store_id: StoreId,
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    pub step: i64,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// The coupon whose own code was read: nothing else of the member's can be used with this scan.
    pub coupon_id: Option<CouponId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
