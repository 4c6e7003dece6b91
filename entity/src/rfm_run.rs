//! What the buyers were worth as of a day, by purchases of so many months: cut points, counts and sums once it is complete.

use sea_orm::entity::prelude::*;

use crate::ids::{RfmRunId, StaffId};
use crate::states::RunState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rfm_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RfmRunId,
    pub as_of: Date,
    pub window_months: i32,
    pub state: RunState,
    /// Whose work it is at the moment, and until when.
    pub claim: Option<Uuid>,
    pub claimed_until: Option<DateTimeUtc>,
    /// The classes of the members are this run's.
    pub standing: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub result: Option<Json>,
    pub requested_by: Option<StaffId>,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
