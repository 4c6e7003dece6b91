//! A member's key in a browser or a phone: its public half and its counter, as the WebAuthn library keeps them. `refused_at`: its counter
//! told of a copy.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PasskeyId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PasskeyId,
    pub member_id: MemberId,
    #[sea_orm(column_type = "Text", unique)]
    pub credential_id: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub credential: Json,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub created_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
    pub refused_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
