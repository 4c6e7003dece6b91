//! A cap slot of a message that a merged member got in a campaign in which the member who stayed got one too: the delivery can't
//! move, as a campaign has one for each member, but its slot counts.

use sea_orm::entity::prelude::*;

use crate::ids::{DeliveryId, MemberId};
use crate::states::Channel;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "merged_slot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: DeliveryId,
    pub member_id: MemberId,
    pub channel: Channel,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    pub slot_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
