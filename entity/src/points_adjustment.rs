//! Points given or taken by staff, with a reason; a large one waits for a second person.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, PointsAdjustmentId, StaffId};
use crate::states::AdjustmentState;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "points_adjustment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PointsAdjustmentId,
    pub member_id: MemberId,
    pub points: i64,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    pub state: AdjustmentState,
    pub requested_by: StaffId,
    pub decided_by: Option<StaffId>,
    pub decided_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
