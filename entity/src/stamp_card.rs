//! A card that fills with stamps and gives a reward when it is full.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponTemplateId, StampCardId};
use crate::states::PublicationState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stamp_card")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StampCardId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub stamps: i32,
    pub least_fen: i64,
    pub per_purchase: i32,
    pub per_day: Option<i32>,
    pub rounds: Option<i32>,
    #[sea_orm(column_type = "JsonBinary")]
    pub store_ids: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub categories: Json,
    pub reward_template_id: CouponTemplateId,
    pub state: PublicationState,
    pub open_from: Option<DateTimeUtc>,
    pub open_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
