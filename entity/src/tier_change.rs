//! Every move of a member from tier to tier, append-only.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, TierChangeId, TierId};
use crate::states::TierMove;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tier_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TierChangeId,
    pub member_id: MemberId,
    pub from_tier_id: Option<TierId>,
    pub to_tier_id: TierId,
    pub kind: TierMove,
    #[sea_orm(column_type = "Text")]
    pub note: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
