//! A platform's event, stored before it is answered, applied once.

use sea_orm::entity::prelude::*;

use crate::ids::CallbackEventId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "callback_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallbackEventId,
    #[sea_orm(column_type = "Text")]
    pub provider: String,
    #[sea_orm(column_type = "Text", unique)]
    pub event_key: String,
    /// Whom or what it is about, by which it is found while it waits: an openid, or our own id of a message.
    #[sea_orm(column_type = "Text")]
    pub subject: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub body: Json,
    pub received_at: DateTimeUtc,
    pub applied_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
