//! A delivery's row as far as sending it asks for it: ten of its columns.

use chrono::{DateTime, Utc};
use entity::delivery::Column;
use entity::states::{Channel, DeliveryState};
use sea_orm::FromQueryResult;

use crate::ids::{CouponId, DeliveryId, MemberId};

#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Row {
    pub id: DeliveryId,
    pub member_id: MemberId,
    pub channel: Channel,
    pub state: DeliveryState,
    pub not_before: DateTime<Utc>,
    /// The present try included, once it is claimed.
    pub attempts: i32,
    pub coupon_id: Option<CouponId>,
    pub variant: Option<String>,
    /// 0: the campaign's channel; n: the n-th of its fall-back.
    pub step: i32,
    pub cost_fen: i64,
}

impl Row {
    pub const COLUMNS: [Column; 10] = [
        Column::Id,
        Column::MemberId,
        Column::Channel,
        Column::State,
        Column::NotBefore,
        Column::Attempts,
        Column::CouponId,
        Column::Variant,
        Column::Step,
        Column::CostFen,
    ];
}
