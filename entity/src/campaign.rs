//! A plan to reach people. `rule` is the segment as it stood when the campaign was scheduled.

use sea_orm::entity::prelude::*;

use crate::ids::{CampaignId, CouponTemplateId, MemberId, SegmentId, StaffId};
use crate::states::{CampaignState, Channel, MessageClass, OnCap};

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
    pub created_by: Option<StaffId>,
    pub started_at: Option<DateTimeUtc>,
    pub completed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
