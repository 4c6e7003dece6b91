//! What a member told the shop. `due_at` is when a complaint is to be answered by; the text is empty once its member has left.

use sea_orm::entity::prelude::*;

use crate::ids::{FeedbackId, MemberId, StaffId, StoreId};
use crate::states::{FeedbackKind, FeedbackState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FeedbackId,
    pub member_id: MemberId,
    pub kind: FeedbackKind,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    pub store_id: Option<StoreId>,
    #[sea_orm(column_type = "Text")]
    pub order_no: Option<String>,
    pub state: FeedbackState,
    pub due_at: Option<DateTimeUtc>,
    pub closed_by: Option<StaffId>,
    pub closed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
