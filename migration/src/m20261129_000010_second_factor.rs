//! The second factor of staff: staff_second_factor, staff_recovery_code, and since when an account has one.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "staff",
    columns: &[Column::timestamp_with_time_zone("second_factor_at").null()],
    unique: &[],
    indexes: &[],
}];

const TABLES: &[Table] = &[
    Table {
        name: "staff_second_factor",
        columns: &[
            Column::uuid("staff_id").primary_key().references("staff"),
            Column::blob("secret"),
            Column::big_integer("last_step"),
            Column::timestamp_with_time_zone("confirmed_at").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "staff_recovery_code",
        columns: &[
            Column::uuid("staff_id").primary_key().references("staff"),
            Column::text("code_hash").primary_key(),
            Column::timestamp_with_time_zone("used_at").null(),
        ],
        unique: &[],
        indexes: &[],
    },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await?;
        create(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await?;
        take_away(manager, ADDITIONS).await
    }
}
