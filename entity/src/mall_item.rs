//! Something that points can be exchanged for.

use sea_orm::entity::prelude::*;

use crate::ids::{CouponTemplateId, MallItemId};
use crate::states::{MallKind, PublicationState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mall_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MallItemId,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub kind: MallKind,
    pub coupon_template_id: Option<CouponTemplateId>,
    pub points: i64,
    pub price_fen: i64,
    pub cost_fen: i64,
    pub stock: i64,
    pub taken: i64,
    pub limit_per_member: Option<i32>,
    pub open_from: Option<DateTimeUtc>,
    pub open_until: Option<DateTimeUtc>,
    pub state: PublicationState,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
