//! What members tell the shop, and what it answers: feedback, feedback_reply.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "feedback",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::text("kind"),
            Column::text("text"),
            Column::uuid("store_id").null().references("store"),
            Column::text("order_no").null(),
            Column::text("state"),
            Column::timestamp_with_time_zone("due_at").null(),
            Column::uuid("closed_by").null().references("staff"),
            Column::timestamp_with_time_zone("closed_at").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[&["member_id"], &["state", "due_at"], &["store_id"]],
    },
    Table {
        name: "feedback_reply",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("feedback_id").references("feedback"),
            Column::uuid("staff_id").references("staff"),
            Column::text("text"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["feedback_id"]],
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
