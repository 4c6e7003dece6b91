//! Which goods were bought together in the baskets up to a day, as it was found.

use sea_orm::entity::prelude::*;

use crate::ids::{AssociationRunId, StaffId};
use crate::states::RunState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "association_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssociationRunId,
    /// Of the day, the parameters and what was left out: the same again is this run.
    #[sea_orm(column_type = "Text", unique)]
    pub parameters_hash: String,
    pub as_of: Date,
    #[sea_orm(column_type = "JsonBinary")]
    pub parameters: Json,
    pub state: RunState,
    /// Whose work it is at the moment, and until when.
    pub claim: Option<Uuid>,
    pub claimed_until: Option<DateTimeUtc>,
    #[sea_orm(column_type = "JsonBinary")]
    pub result: Option<Json>,
    pub requested_by: Option<StaffId>,
    pub created_at: DateTimeUtc,
    pub completed_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
