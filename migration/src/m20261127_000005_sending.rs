//! Sending at full strength: what a campaign can be told besides (lane, fall-back, variants, budget, review, recurrence), what a
//! delivery remembers of it; budget, campaign_version, delivery_batch, notice, opt_out_event. And the indexes of deliveries anew.

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
            Column::uuid("dispatched_to").null(),
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
            Column::timestamp_with_time_zone("due_at").null(),
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
        name: "delivery_batch",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("campaign_id"),
            Column::integer("open"),
            Column::json_binary("delivery_ids"),
            Column::timestamp_with_time_zone("queued_at"),
        ],
        unique: &[],
        indexes: &[&["campaign_id"]],
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

/// When a delivery was queued is known of its batch.
const GONE: &[Addition] = &[Addition {
    table: "delivery",
    columns: &[Column::timestamp_with_time_zone("queued_at").null()],
    unique: &[],
    indexes: &[],
}];

/// A delivery moves three times within a second. PostgreSQL writes such a move into the row's own page and into no index, as long as
/// no index has a column that changes: so none has the state, the times or the platform's id. `due_at` is set only for those that
/// wait for another dispatch.
const INDEXES: &[[&str; 2]] = &[
    ["delivery_member_id_campaign_id", "UNIQUE INDEX {} ON delivery (member_id, campaign_id)"],
    ["delivery_campaign_id_id", "INDEX {} ON delivery (campaign_id, id)"],
    [
        "delivery_campaign_id_due_at_id",
        "INDEX {} ON delivery (campaign_id, due_at, id) WHERE due_at IS NOT NULL",
    ],
];
const FORMER_INDEXES: &[[&str; 2]] = &[
    ["delivery_campaign_id_member_id", "UNIQUE INDEX {} ON delivery (campaign_id, member_id)"],
    ["delivery_campaign_id_state_not_before_id", "INDEX {} ON delivery (campaign_id, state, not_before, id)"],
    ["delivery_member_id_slot_at", "INDEX {} ON delivery (member_id, slot_at)"],
    ["delivery_platform_message_id", "INDEX {} ON delivery (platform_message_id)"],
    ["delivery_state_claimed_at", "INDEX {} ON delivery (state, claimed_at)"],
];

async fn replace_indexes(
    manager: &SchemaManager<'_>,
    old: &[[&str; 2]],
    new: &[[&str; 2]],
) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for [name, definition] in new {
        connection.execute_unprepared(&format!("CREATE {}", definition.replace("{}", name))).await?;
    }
    for [name, _] in old {
        connection.execute_unprepared(&format!("DROP INDEX {name}")).await?;
    }
    Ok(())
}

/// Pages keep room for the moves of their rows; and a campaign is never deleted, so no row needs to be checked for it.
const ROOM: &str = "ALTER TABLE delivery SET (fillfactor = 50); ALTER TABLE consent SET (fillfactor = 50); \
    ALTER TABLE delivery DROP CONSTRAINT IF EXISTS delivery_campaign_id_fkey";
const NO_ROOM: &str = "ALTER TABLE delivery RESET (fillfactor); ALTER TABLE consent RESET (fillfactor); \
    ALTER TABLE delivery ADD CONSTRAINT delivery_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id)";

async fn in_postgres(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
        manager.get_connection().execute_unprepared(statements).await?;
    }
    Ok(())
}

/// What was with the queue is dispatched anew; whoever has claimed it by then is not asked twice.
const WAITING: &str = "UPDATE delivery SET due_at = not_before, \
    state = CASE state WHEN 'queued' THEN 'pending' ELSE state END \
    WHERE state IN ('pending', 'deferred', 'queued')";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await?;
        create(manager, TABLES).await?;
        replace_indexes(manager, FORMER_INDEXES, INDEXES).await?;
        in_postgres(manager, ROOM).await?;
        manager.get_connection().execute_unprepared(WAITING).await?;
        take_away(manager, GONE).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, GONE).await?;
        in_postgres(manager, NO_ROOM).await?;
        replace_indexes(manager, INDEXES, FORMER_INDEXES).await?;
        drop_all(manager, TABLES).await?;
        take_away(manager, ADDITIONS).await
    }
}
