//! An offer of a coupon to a friend: who has the link first takes it.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponId, CouponTransferId, MemberId};
use crate::states::TransferState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponTransferId,
    pub coupon_id: CouponId,
    pub from_member_id: MemberId,
    pub to_member_id: Option<MemberId>,
    #[sea_orm(column_type = "Text", unique)]
    pub token_hash: String,
    pub state: TransferState,
    pub expires_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
