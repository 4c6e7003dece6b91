//! What the shop answered. Append-only; the text is empty once the member has left.

use sea_orm::entity::prelude::*;

use crate::ids::{FeedbackId, FeedbackReplyId, StaffId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback_reply")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FeedbackReplyId,
    pub feedback_id: FeedbackId,
    pub staff_id: StaffId,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
