//! A plan to reach people. `rule` is the segment as it stood when the campaign was scheduled.

use sea_orm::entity::prelude::*;

use crate::ids::{CampaignId, CouponTemplateId, DeliveryId, MemberId, SegmentId, StaffId};
use crate::states::{CampaignState, Channel, Lane, MessageClass, OnCap};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "campaign")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CampaignId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub segment_id: SegmentId,
    #[sea_orm(column_type = "JsonBinary")]
    pub rule: Json,
    pub channel: Channel,
    pub class: MessageClass,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub message: Json,
    pub coupon_template_id: Option<CouponTemplateId>,
    pub scheduled_at: Option<DateTimeUtc>,
    pub offer_ends_at: Option<DateTimeUtc>,
    pub rate_per_second: Option<i32>,
    pub holdout_percent: i32,
    pub on_cap: OnCap,
    pub state: CampaignState,
    #[sea_orm(column_type = "Text")]
    pub state_reason: Option<String>,
    pub version: i32,
    pub resolve_cursor: Option<MemberId>,
    pub audience_end: Option<MemberId>,
    pub audience_count: i64,
    /// The last of its deliveries that had its first dispatch; they have it in the order of their ids.
    pub dispatched_to: Option<DeliveryId>,
    pub created_by: Option<StaffId>,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub lane: Lane,
    /// Its part of the channel's rate beside the other campaigns.
    pub weight: i32,
    /// Of two campaigns of one hour the higher takes a member's last cap slot.
    pub priority: i32,
    /// Where to go when a channel is closed for a member: a list of channel and message.
    #[sea_orm(column_type = "JsonBinary")]
    pub fallback: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub variants: Json,
    /// Campaigns of one experiment split their members in the same way.
    #[sea_orm(column_type = "Text")]
    pub experiment: Option<String>,
    pub budget_fen: Option<i64>,
    #[sea_orm(column_type = "JsonBinary")]
    pub recurrence: Option<Json>,
    /// The recurring campaign that this one is an occurrence of.
    pub parent_id: Option<CampaignId>,
    #[sea_orm(column_type = "Text")]
    pub occurrence: Option<String>,
    /// How many days after its message a redemption or a purchase counts for the campaign.
    pub attribution_days: i32,
    pub edited_by: Option<StaffId>,
    pub approved_by: Option<StaffId>,
    pub approved_at: Option<DateTimeUtc>,
    pub approved_version: Option<i32>,
    pub resumed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
