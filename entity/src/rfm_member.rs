//! A buyer in the run that stands. Class and scores are null for who bought nothing within the run's window.

use sea_orm::entity::prelude::*;

use crate::ids::{MemberId, RfmRunId};
use crate::states::{LifecycleStage, ValueClass};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rfm_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RfmRunId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub value_class: Option<ValueClass>,
    pub stage: LifecycleStage,
    pub recency_days: i32,
    pub frequency: i64,
    pub money_fen: i64,
    pub recency_score: Option<i32>,
    /// Null also for who bought once.
    pub frequency_score: Option<i32>,
    pub money_score: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
