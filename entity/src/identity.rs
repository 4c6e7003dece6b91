//! One way to recognise a member: a provider and the subject it knows the member by. A phone's subject is a keyed hash.

use sea_orm::entity::prelude::*;

use crate::ids::{IdentityId, MemberId};
use crate::states::IdentityProvider;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityId,
    pub member_id: MemberId,
    pub provider: IdentityProvider,
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
