//! Sending at full strength: what a campaign can be told besides (lane, fall-back, variants, budget, review, recurrence), what a
//! delivery remembers of it; budget, campaign_version, notice, opt_out_event.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[
    Addition {
        table: "campaign",
        columns: &[
            Column::text("lane").or("'campaign'"),
            Column::integer("weight").or("1"),
            Column::integer("priority").or("5"),
            Column::json_binary("fallback").or("'[]'"),
            Column::json_binary("variants").or("'[]'"),
            Column::text("experiment").null(),
            Column::big_integer("budget_fen").null(),
            Column::json_binary("recurrence").null(),
            Column::uuid("parent_id").null(),
            Column::text("occurrence").null(),
            Column::integer("attribution_days").or("7"),
            Column::uuid("edited_by").null(),
            Column::uuid("approved_by").null(),
            Column::timestamp_with_time_zone("approved_at").null(),
            Column::integer("approved_version").null(),
            Column::timestamp_with_time_zone("resumed_at").null(),
        ],
        unique: &[&["parent_id", "occurrence"]],
        indexes: &[],
    },
    Addition {
        table: "delivery",
        columns: &[
            Column::text("variant").null(),
            Column::integer("step").or("0"),
            Column::integer("version").or("1"),
            Column::big_integer("cost_fen").or("0"),
            Column::text("supplier").null(),
            Column::json_binary("saw").null(),
            Column::timestamp_with_time_zone("opened_at").null(),
        ],
        unique: &[],
        indexes: &[],
    },
    Addition {
        table: "dead_letter",
        columns: &[
            Column::text("state").or("'open'"),
            Column::timestamp_with_time_zone("handled_at").null(),
            Column::uuid("handled_by").null(),
            Column::text("job").or("'unknown'"),
            Column::text("problem").or("''"),
            Column::text("cause").or("'unsorted'"),
        ],
        unique: &[],
        indexes: &[&["state", "cause"]],
    },
    Addition {
        table: "preference",
        columns: &[Column::json_binary("channel_limits").null()],
        unique: &[],
        indexes: &[],
    },
    Addition {
        table: "coupon_template",
        columns: &[Column::big_integer("cost_fen").or("0")],
        unique: &[],
        indexes: &[],
    },
];

const TABLES: &[Table] = &[
    Table {
        name: "budget",
        columns: &[
            Column::text("name").primary_key(),
            Column::big_integer("taken_fen"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "campaign_version",
        columns: &[
            Column::uuid("campaign_id").primary_key(),
            Column::integer("version").primary_key(),
            Column::json_binary("content"),
            Column::uuid("edited_by").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "notice",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::text("lane"),
            Column::text("kind"),
            Column::text("business_key").unique(),
            Column::text("channel"),
            Column::json_binary("message"),
            Column::integer("step"),
            Column::text("state"),
            Column::text("reason").null(),
            Column::timestamp_with_time_zone("not_before"),
            Column::timestamp_with_time_zone("expires_at").null(),
            Column::timestamp_with_time_zone("claimed_at").null(),
            Column::timestamp_with_time_zone("sent_at").null(),
            Column::integer("attempts"),
            Column::text("platform_message_id").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[&["state", "not_before"], &["member_id", "created_at"], &["platform_message_id"]],
    },
    Table {
        name: "opt_out_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::text("channel"),
            Column::text("topic"),
            Column::text("change"),
            Column::text("source"),
            Column::json_binary("evidence"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["member_id", "created_at"]],
    },
];

/// PostgreSQL writes an entry into every index at each move of a delivery, since each changes the indexed state. Those that find open
/// deliveries leave out the others, so that a finished one has its key, its member and its receipt, and nothing else.
const NARROWED: &[[&str; 3]] = &[
    [
        "delivery_campaign_id_state_not_before_id",
        "delivery (campaign_id, state, not_before, id)",
        "state IN ('pending', 'deferred', 'queued', 'sending')",
    ],
    ["delivery_state_claimed_at", "delivery (state, claimed_at)", "state IN ('queued', 'sending')"],
    ["delivery_platform_message_id", "delivery (platform_message_id)", "platform_message_id IS NOT NULL"],
];

async fn narrow(manager: &SchemaManager<'_>, to_open: bool) -> Result<(), DbErr> {
    if manager.get_database_backend() != sea_orm_migration::sea_orm::DbBackend::Postgres {
        return Ok(());
    }
    for [name, columns, condition] in NARROWED {
        let condition = if to_open { format!(" WHERE {condition}") } else { String::new() };
        let statement = format!("DROP INDEX {name}; CREATE INDEX {name} ON {columns}{condition}");
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await?;
        create(manager, TABLES).await?;
        narrow(manager, true).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        narrow(manager, false).await?;
        drop_all(manager, TABLES).await?;
        take_away(manager, ADDITIONS).await
    }
}
