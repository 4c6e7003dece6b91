//! People: store, member, identity, session, refresh_token, staff, staff_store, audit_entry, tag, member_tag, scan.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "store",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("code").unique(),
            Column::text("name"),
            Column::text("zone").null(),
            Column::text("address").null(),
            Column::text("state"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "member",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("card_number").unique(),
            Column::text("name").null(),
            Column::text("gender").null(),
            Column::date("birthday").null(),
            Column::text("zone").null(),
            Column::uuid("home_store_id").null().references("store"),
            Column::blob("phone_cipher").null(),
            Column::blob("card_secret"),
            Column::text("state"),
            Column::boolean("marketing_consent"),
            Column::timestamp_with_time_zone("marketing_consent_at").null(),
            Column::big_integer("purchase_count"),
            Column::big_integer("purchase_total_fen"),
            Column::timestamp_with_time_zone("first_purchase_at").null(),
            Column::timestamp_with_time_zone("last_purchase_at").null(),
            Column::text("source"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[&["home_store_id"], &["last_purchase_at"]],
    },
    Table {
        name: "identity",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::text("provider"),
            Column::text("subject"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[&["provider", "subject"]],
        indexes: &[&["member_id"]],
    },
    Table {
        name: "session",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("subject_kind"),
            Column::uuid("subject_id"),
            Column::text("device").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("last_seen_at"),
            Column::timestamp_with_time_zone("revoked_at").null(),
            Column::text("revoked_reason").null(),
        ],
        unique: &[],
        indexes: &[&["subject_id"]],
    },
    Table {
        name: "refresh_token",
        columns: &[
            Column::text("token_hash").primary_key(),
            Column::uuid("session_id").references("session"),
            Column::timestamp_with_time_zone("issued_at"),
            Column::timestamp_with_time_zone("expires_at"),
            Column::timestamp_with_time_zone("used_at").null(),
        ],
        unique: &[],
        indexes: &[&["session_id"]],
    },
    Table {
        name: "staff",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("login").unique(),
            Column::text("name"),
            Column::text("password_hash"),
            Column::text("role"),
            Column::text("state"),
            Column::boolean("must_change_password"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "staff_store",
        columns: &[
            Column::uuid("staff_id").primary_key().references("staff"),
            Column::uuid("store_id").primary_key().references("store"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "audit_entry",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("actor_kind"),
            Column::uuid("actor_id").null(),
            Column::text("action"),
            Column::text("subject_kind"),
            Column::text("subject_id"),
            Column::json_binary("detail"),
            Column::text("request_id").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["created_at"], &["subject_kind", "subject_id"]],
    },
    Table {
        name: "tag",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("name").unique(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "member_tag",
        columns: &[
            Column::uuid("member_id").primary_key().references("member"),
            Column::uuid("tag_id").primary_key().references("tag"),
            Column::text("source"),
            Column::text("reason").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["tag_id"]],
    },
    Table {
        name: "scan",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::uuid("staff_id"),
            Column::uuid("store_id"),
            Column::text("purpose"),
            Column::big_integer("step"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("expires_at"),
        ],
        unique: &[&["member_id", "step", "purpose"]],
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
