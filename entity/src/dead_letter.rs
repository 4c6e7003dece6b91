//! A message that could not be handled, with the reason.

use sea_orm::entity::prelude::*;

use crate::ids::{DeadLetterId, StaffId};
use crate::states::DeadLetterState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dead_letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeadLetterId,
    #[sea_orm(column_type = "Text")]
    pub queue: String,
    #[sea_orm(column_type = "Text")]
    pub message_id: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub body: Json,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub attempts: i32,
    pub died_at: DateTimeUtc,
    pub replayed_at: Option<DateTimeUtc>,
    pub state: DeadLetterState,
    pub handled_at: Option<DateTimeUtc>,
    pub handled_by: Option<StaffId>,
    /// The job's name, `unknown` where the body tells none.
    #[sea_orm(column_type = "Text")]
    pub job: String,
    /// The reason without what differs from one letter to the next.
    #[sea_orm(column_type = "Text")]
    pub problem: String,
    /// Of queue, job and problem: the same for all letters that died of one thing.
    #[sea_orm(column_type = "Text")]
    pub cause: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
