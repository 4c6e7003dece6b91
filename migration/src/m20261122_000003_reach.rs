//! Reach: segment, campaign, delivery, attempt, inbox_message, opt_out, consent, consent_event, preference.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "segment",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("name").unique(),
            Column::json_binary("rule"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "campaign",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("name"),
            Column::uuid("segment_id").references("segment"),
            Column::json_binary("rule"),
            Column::text("channel"),
            Column::text("class"),
            Column::text("topic"),
            Column::json_binary("message"),
            Column::uuid("coupon_template_id").null().references("coupon_template"),
            Column::timestamp_with_time_zone("scheduled_at").null(),
            Column::timestamp_with_time_zone("offer_ends_at").null(),
            Column::integer("rate_per_second").null(),
            Column::integer("holdout_percent"),
            Column::text("on_cap"),
            Column::text("state"),
            Column::text("state_reason").null(),
            Column::integer("version"),
            Column::uuid("resolve_cursor").null(),
            Column::uuid("audience_end").null(),
            Column::big_integer("audience_count"),
            Column::uuid("created_by").null(),
            Column::timestamp_with_time_zone("started_at").null(),
            Column::timestamp_with_time_zone("completed_at").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[&["state", "scheduled_at"]],
    },
    Table {
        name: "delivery",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("campaign_id").references("campaign"),
            Column::uuid("member_id"),
            Column::text("channel"),
            Column::text("class"),
            Column::text("topic"),
            Column::text("state"),
            Column::text("reason").null(),
            Column::timestamp_with_time_zone("not_before"),
            Column::timestamp_with_time_zone("queued_at").null(),
            Column::timestamp_with_time_zone("claimed_at").null(),
            Column::timestamp_with_time_zone("slot_at").null(),
            Column::timestamp_with_time_zone("sent_at").null(),
            Column::integer("attempts"),
            Column::uuid("coupon_id").null(),
            Column::text("platform_message_id").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[&["campaign_id", "member_id"]],
        indexes: &[
            &["campaign_id", "state", "not_before", "id"],
            &["member_id", "slot_at"],
            &["platform_message_id"],
            &["state", "claimed_at"],
        ],
    },
    Table {
        name: "attempt",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("delivery_id"),
            Column::integer("number"),
            Column::text("outcome"),
            Column::text("code").null(),
            Column::text("message").null(),
            Column::timestamp_with_time_zone("started_at"),
            Column::timestamp_with_time_zone("ended_at"),
        ],
        unique: &[],
        indexes: &[&["delivery_id"]],
    },
    Table {
        name: "inbox_message",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::uuid("delivery_id").null().unique(),
            Column::text("title"),
            Column::text("body"),
            Column::text("page").null(),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("read_at").null(),
        ],
        unique: &[],
        indexes: &[&["member_id", "created_at"]],
    },
    Table {
        name: "opt_out",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::text("channel"),
            Column::text("topic"),
            Column::text("source"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[&["member_id", "channel", "topic"]],
        indexes: &[],
    },
    Table {
        name: "consent",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id").references("member"),
            Column::text("template_id"),
            Column::text("kind"),
            Column::integer("available"),
            Column::integer("reserved"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[&["member_id", "template_id"]],
        indexes: &[],
    },
    Table {
        name: "consent_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("member_id"),
            Column::text("template_id"),
            Column::text("change"),
            Column::integer("amount"),
            Column::text("source"),
            Column::text("event_key").unique(),
            Column::json_binary("evidence"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["member_id", "template_id"]],
    },
    Table {
        name: "preference",
        columns: &[
            Column::uuid("member_id").primary_key().references("member"),
            Column::integer("weekly_limit").null(),
            Column::text("quiet_start").null(),
            Column::text("quiet_end").null(),
            Column::timestamp_with_time_zone("paused_until").null(),
            Column::boolean("personalised"),
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
