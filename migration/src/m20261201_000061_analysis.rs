//! What buyers are worth as of a day (runs, and the members of the run that stands), and which goods were bought together.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "rfm_run",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::date("as_of"),
            Column::integer("window_months"),
            Column::text("state"),
            Column::uuid("claim").null(),
            Column::timestamp_with_time_zone("claimed_until").null(),
            Column::boolean("standing"),
            Column::json_binary("result").null(),
            Column::uuid("requested_by").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("completed_at").null(),
        ],
        unique: &[&["as_of", "window_months"]],
        indexes: &[&["state"]],
    },
    Table {
        name: "rfm_member",
        columns: &[
            Column::uuid("run_id").primary_key().references("rfm_run"),
            Column::uuid("member_id").primary_key().references("member"),
            Column::text("value_class").null(),
            Column::text("stage"),
            Column::integer("recency_days"),
            Column::big_integer("frequency"),
            Column::big_integer("money_fen"),
            Column::integer("recency_score").null(),
            Column::integer("frequency_score").null(),
            Column::integer("money_score").null(),
        ],
        unique: &[],
        indexes: &[&["member_id"], &["run_id", "value_class"], &["run_id", "stage"]],
    },
    Table {
        name: "association_run",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("parameters_hash").unique(),
            Column::date("as_of"),
            Column::json_binary("parameters"),
            Column::text("state"),
            Column::uuid("claim").null(),
            Column::timestamp_with_time_zone("claimed_until").null(),
            Column::json_binary("result").null(),
            Column::uuid("requested_by").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("completed_at").null(),
        ],
        unique: &[],
        indexes: &[&["state"]],
    },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await
    }
}
