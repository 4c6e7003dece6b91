//! One try to sign in as a member: `outcome` is `signed_in` or the code of the refusal; of the address only a part is kept.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, SessionId, SignInEventId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignInEventId,
    pub member_id: MemberId,
    pub session_id: Option<SessionId>,
    #[sea_orm(column_type = "Text")]
    pub method: String,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    #[sea_orm(column_type = "Text")]
    pub device: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub address: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
