//! Since when a member has today's name, so that past messages are told by the name that they had, or by none. Older names are not kept.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, add, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "member",
    columns: &[Column::timestamp_with_time_zone("name_since").null()],
    unique: &[],
    indexes: &[],
}];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_away(manager, ADDITIONS).await
    }
}
