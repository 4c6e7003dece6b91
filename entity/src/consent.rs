//! What a member still allows for one template: one-time accepts add up and are spent, a long-term yes stays.

use sea_orm::entity::prelude::*;

use crate::ids::{ConsentId, MemberId};
use crate::states::ConsentKind;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text")]
    pub template_id: String,
    pub kind: ConsentKind,
    pub available: i32,
    pub reserved: i32,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
