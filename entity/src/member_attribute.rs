//! A member's value of an attribute, in the one spelling of its kind; a number also in ten-thousandths.

use sea_orm::entity::prelude::*;

use crate::ids::{AttributeId, MemberId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "member_attribute")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attribute_id: AttributeId,
    #[sea_orm(column_type = "Text")]
    pub value: String,
    pub number: Option<i64>,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
