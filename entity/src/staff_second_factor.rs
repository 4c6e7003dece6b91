//! What a staff member's authenticator app shares with us, sealed. `last_step` is the last 30 seconds whose code was used.

use sea_orm::entity::prelude::*;

use crate::ids::StaffId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_second_factor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: StaffId,
    pub secret: Vec<u8>,
    pub last_step: i64,
    /// None: prepared, and not asked for yet.
    pub confirmed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
