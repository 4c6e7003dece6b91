//! One identity: member_merge, merged_slot, duplicate_hint; member_password, sign_in_event.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "member_merge",
        columns: &[
            Column::uuid("from_id").primary_key().references("member"),
            Column::uuid("into_id"),
            Column::uuid("current_id"),
            Column::text("cause"),
            Column::text("actor_kind"),
            Column::uuid("actor_id").null(),
            Column::text("reason").null(),
            Column::json_binary("moved"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["current_id"]],
    },
    Table {
        name: "merged_slot",
        columns: &[
            Column::uuid("delivery_id").primary_key(),
            Column::uuid("member_id"),
            Column::text("channel"),
            Column::text("topic"),
            Column::timestamp_with_time_zone("slot_at"),
        ],
        unique: &[],
        indexes: &[&["member_id", "slot_at"]],
    },
    Table {
        name: "duplicate_hint",
        columns: &[
            Column::uuid("member_id").primary_key().references("member"),
            Column::uuid("other_id").primary_key().references("member"),
            Column::text("kind").primary_key(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["other_id"]],
    },
    Table {
        name: "member_password",
        columns: &[
            Column::uuid("member_id").primary_key().references("member"),
            Column::text("hash"),
            Column::timestamp_with_time_zone("changed_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "sign_in_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::uuid("session_id").null(),
            Column::text("method"),
            Column::text("outcome"),
            Column::text("device").null(),
            Column::text("address"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["member_id", "id"], &["created_at"]],
    },
];

/// For finding namesakes with one birthday; partial, which the builder cannot say. Both dialects read it alike.
const NAMESAKES: &str = "CREATE INDEX member_birthday_name ON member (birthday, name) \
     WHERE birthday IS NOT NULL AND name IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, TABLES).await?;
        manager.get_connection().execute_unprepared(NAMESAKES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX member_birthday_name").await?;
        drop_all(manager, TABLES).await
    }
}
