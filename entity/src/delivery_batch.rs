//! Deliveries that went to the queue in one message; gone once all of them are settled. What is here too long is looked at again.

use sea_orm::entity::prelude::*;

use crate::ids::{BatchId, CampaignId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery_batch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BatchId,
    pub campaign_id: CampaignId,
    /// How many of them no worker has claimed yet.
    pub open: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub delivery_ids: Json,
    pub queued_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
