//! A message that belongs to no campaign: a receipt, a reminder. `business_key` makes it unique.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, NoticeId};
use crate::states::{Channel, DeliveryState, Lane};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    pub member_id: MemberId,
    pub lane: Lane,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub business_key: String,
    pub channel: Channel,
    #[sea_orm(column_type = "JsonBinary")]
    pub message: Json,
    /// Which of the message's steps is tried, or was the last.
    pub step: i32,
    pub state: DeliveryState,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    pub not_before: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub claimed_at: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub attempts: i32,
    #[sea_orm(column_type = "Text")]
    pub platform_message_id: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
