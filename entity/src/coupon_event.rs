//! Every move of a coupon, append-only.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponEventId, CouponId};
use crate::states::CouponState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "coupon_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CouponEventId,
    pub coupon_id: CouponId,
    pub from_state: Option<CouponState>,
    pub to_state: CouponState,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
