//! One identity: member_merge, merged_slot, duplicate_hint; member_password, sign_in_event,
//! passkey, soter_device; welcome_gift, welcome_guard. What is
//! known of a member: attribute, member_attribute, tag_rule, member_event.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "member",
    columns: &[
        Column::text("occupation").null(),
        Column::boolean("behaviour_consent").or("false"),
        Column::timestamp_with_time_zone("behaviour_consent_at").null(),
    ],
    unique: &[],
    indexes: &[],
}];

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
    Table {
        name: "passkey",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::text("credential_id").unique(),
            Column::json_binary("credential"),
            Column::text("name"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("last_used_at").null(),
            Column::timestamp_with_time_zone("refused_at").null(),
        ],
        unique: &[],
        indexes: &[&["member_id"]],
    },
    Table {
        name: "soter_device",
        columns: &[
            Column::text("openid").primary_key(),
            Column::text("device").primary_key(),
            Column::big_integer("counter"),
            Column::timestamp_with_time_zone("used_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "welcome_gift",
        columns: &[
            Column::uuid("member_id").primary_key(),
            Column::text("outcome"),
            Column::uuid("coupon_id").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "welcome_guard",
        columns: &[
            Column::text("kind").primary_key(),
            Column::text("subject").primary_key(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "attribute",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("key").unique(),
            Column::text("label"),
            Column::text("kind"),
            Column::json_binary("choices"),
            Column::boolean("editable_by_member"),
            Column::timestamp_with_time_zone("archived_at").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "member_attribute",
        columns: &[
            Column::uuid("member_id").primary_key().references("member"),
            Column::uuid("attribute_id").primary_key().references("attribute"),
            Column::text("value"),
            Column::big_integer("number").null(),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[&["attribute_id", "value"]],
    },
    Table {
        name: "tag_rule",
        columns: &[
            Column::uuid("tag_id").primary_key().references("tag"),
            Column::json_binary("rule"),
            Column::text("reason"),
            Column::uuid("cursor").null(),
            Column::timestamp_with_time_zone("pass_began_at").null(),
            Column::timestamp_with_time_zone("pass_ended_at").null(),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "member_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::text("client_id"),
            Column::text("name"),
            Column::text("page").null(),
            Column::timestamp_with_time_zone("at"),
            Column::big_integer("duration_ms").null(),
            Column::json_binary("detail").null(),
            Column::timestamp_with_time_zone("received_at"),
        ],
        unique: &[&["member_id", "client_id"]],
        indexes: &[&["member_id", "received_at"], &["received_at"]],
    },
];

/// For finding namesakes with one birthday; partial, which the builder cannot say. Both dialects read it alike.
const NAMESAKES: &str = "CREATE INDEX member_birthday_name ON member (birthday, name) \
     WHERE birthday IS NOT NULL AND name IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await?;
        create(manager, TABLES).await?;
        manager.get_connection().execute_unprepared(NAMESAKES).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX member_birthday_name").await?;
        drop_all(manager, TABLES).await?;
        take_away(manager, ADDITIONS).await
    }
}
