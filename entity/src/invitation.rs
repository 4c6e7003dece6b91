//! Who brought whom. A person is invited once; the reward follows what the invited person really does.

use sea_orm::entity::prelude::*;

use crate::ids::MemberId;
use crate::states::InvitationState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub invited_id: MemberId,
    pub inviter_id: MemberId,
    pub state: InvitationState,
    #[sea_orm(column_type = "Text")]
    pub reason: Option<String>,
    pub created_at: DateTimeUtc,
    pub rewarded_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
