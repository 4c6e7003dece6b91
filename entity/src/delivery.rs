//! One message to one member. The row is the truth about it; queues only carry its id. `slot_at` is the cap slot it holds.

use sea_orm::entity::prelude::*;

use crate::ids::{CampaignId, CouponId, DeliveryId, MemberId};
use crate::states::{Channel, DeliveryState, MessageClass};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    pub campaign_id: CampaignId,
    pub member_id: MemberId,
    pub channel: Channel,
    pub class: MessageClass,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    pub state: DeliveryState,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    pub not_before: DateTimeUtc,
    /// Since or from when it waits to be dispatched. None: its first dispatch finds it by its place in the campaign, or nothing is to
    /// be done.
    pub due_at: Option<DateTimeUtc>,
    pub claimed_at: Option<DateTimeUtc>,
    pub slot_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub attempts: i32,
    pub coupon_id: Option<CouponId>,
    #[sea_orm(column_type = "Text")]
    pub platform_message_id: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(column_type = "Text")]
    pub variant: Option<String>,
    /// 0: the campaign's channel; n: the n-th of its fall-back.
    pub step: i32,
    /// Of the campaign, as it was sent.
    pub version: i32,
    pub cost_fen: i64,
    #[sea_orm(column_type = "Text")]
    pub supplier: Option<String>,
    /// What the gates saw when they decided.
    #[sea_orm(column_type = "JsonBinary")]
    pub saw: Option<Json>,
    pub opened_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
