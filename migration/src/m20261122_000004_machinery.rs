//! Machinery: outbox, dead_letter, idempotency_key, callback_event, setting.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "outbox",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("queue"),
            Column::json_binary("body"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("claimed_until").null(),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "dead_letter",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("queue"),
            Column::text("message_id"),
            Column::json_binary("body"),
            Column::text("reason"),
            Column::integer("attempts"),
            Column::timestamp_with_time_zone("died_at"),
            Column::timestamp_with_time_zone("replayed_at").null(),
        ],
        unique: &[&["queue", "message_id"]],
        indexes: &[],
    },
    Table {
        name: "idempotency_key",
        columns: &[
            Column::text("caller").primary_key(),
            Column::text("key").primary_key(),
            Column::text("request_hash"),
            Column::integer("status").null(),
            Column::text("content_type").null(),
            Column::blob("answer").null(),
            Column::timestamp_with_time_zone("locked_until"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["created_at"]],
    },
    Table {
        name: "callback_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("provider"),
            Column::text("event_key").unique(),
            Column::text("subject").null(),
            Column::json_binary("body"),
            Column::timestamp_with_time_zone("received_at"),
            Column::timestamp_with_time_zone("applied_at").null(),
        ],
        unique: &[],
        indexes: &[&["subject"], &["applied_at", "received_at"]],
    },
    Table {
        name: "setting",
        columns: &[
            Column::text("name").primary_key(),
            Column::json_binary("value"),
            Column::uuid("updated_by").null(),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
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
