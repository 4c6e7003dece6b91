//! The session cookie of an answer that is kept by its idempotency key.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, add, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "idempotency_key",
    columns: &[Column::blob("cookie").null()],
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
