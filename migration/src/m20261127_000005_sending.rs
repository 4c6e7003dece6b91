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
        ],
        unique: &[],
        indexes: &[],
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
