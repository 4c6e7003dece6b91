//! A purchase that can still be taken back. When the period ends its points become available and it counts for the tier.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PurchaseId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "return_period")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purchase_id: PurchaseId,
    pub member_id: MemberId,
    pub ends_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
