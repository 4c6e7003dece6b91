//! How many members a segment picked on a day; segments that were deleted, which campaigns that are over still name.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "segment",
    columns: &[Column::timestamp_with_time_zone("deleted_at").null()],
    unique: &[],
    indexes: &[],
}];

const TABLES: &[Table] = &[Table {
    name: "segment_size",
    columns: &[
        Column::uuid("segment_id").primary_key().references("segment"),
        Column::date("day").primary_key(),
        Column::big_integer("members"),
        Column::timestamp_with_time_zone("counted_at"),
    ],
    unique: &[],
    indexes: &[],
}];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, TABLES).await?;
        add(manager, ADDITIONS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_away(manager, ADDITIONS).await?;
        drop_all(manager, TABLES).await
    }
}
