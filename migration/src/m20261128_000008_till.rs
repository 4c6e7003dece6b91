//! The till in full: what a template can ask and limit, locks, several coupons in one redemption; coupon_code, coupon_pack,
//! coupon_pack_item, coupon_pack_claim, coupon_transfer, offline_grant, offline_redemption.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[
    Addition {
        table: "coupon_template",
        columns: &[
            Column::big_integer("exchange_price_fen").null(),
            Column::json_binary("conditions").or("'{}'"),
            Column::text("stacking_group").null(),
            Column::integer("starts_after_days").null(),
            Column::integer("limit_per_day").null(),
            Column::big_integer("daily_stock").null(),
            Column::date("taken_day").null(),
            Column::big_integer("taken_today").or("0"),
            Column::big_integer("budget_fen").null(),
            Column::boolean("transferable").or("false"),
            Column::text("public_code").null(),
            Column::text("partial_refund").or("'keep'"),
        ],
        unique: &[&["public_code"]],
        indexes: &[],
    },
    Addition {
        table: "coupon",
        columns: &[
            Column::timestamp_with_time_zone("locked_until").null(),
            Column::text("locked_order_no").null(),
        ],
        unique: &[],
        indexes: &[],
    },
    Addition {
        table: "redemption",
        columns: &[
            Column::integer("part").or("0"),
            Column::json_binary("shares").or("'[]'"),
            Column::text("source").or("'till'"),
        ],
        unique: &[],
        indexes: &[&["store_id", "order_no"]],
    },
];

const TABLES: &[Table] = &[
    Table {
        name: "coupon_code",
        columns: &[
            Column::text("code").primary_key(),
            Column::uuid("template_id").references("coupon_template"),
            Column::text("batch"),
            Column::uuid("member_id").null(),
            Column::uuid("coupon_id").null(),
            Column::timestamp_with_time_zone("used_at").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["template_id", "batch"]],
    },
    Table {
        name: "coupon_pack",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("name"),
            Column::integer("limit_per_member"),
            Column::boolean("claimable"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "coupon_pack_item",
        columns: &[
            Column::uuid("pack_id").primary_key().references("coupon_pack"),
            Column::uuid("template_id").primary_key().references("coupon_template"),
            Column::integer("copies"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "coupon_pack_claim",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("pack_id").references("coupon_pack"),
            Column::uuid("member_id").references("member"),
            Column::integer("slot"),
            Column::timestamp_with_time_zone("claimed_at"),
        ],
        unique: &[&["pack_id", "member_id", "slot"]],
        indexes: &[],
    },
    Table {
        name: "coupon_transfer",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("coupon_id").references("coupon"),
            Column::uuid("from_member_id").references("member"),
            Column::uuid("to_member_id").null(),
            Column::text("token_hash").unique(),
            Column::text("state"),
            Column::timestamp_with_time_zone("expires_at"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("accepted_at").null(),
        ],
        unique: &[],
        indexes: &[&["coupon_id"]],
    },
    Table {
        name: "offline_grant",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("store_id").references("store"),
            Column::uuid("staff_id"),
            Column::text("till"),
            Column::big_integer("ceiling_fen"),
            Column::big_integer("used_fen"),
            Column::timestamp_with_time_zone("expires_at"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["store_id", "till"]],
    },
    Table {
        name: "offline_redemption",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("grant_id").references("offline_grant"),
            Column::uuid("store_id"),
            Column::text("request_no"),
            Column::text("request_hash"),
            Column::uuid("coupon_id").null(),
            Column::uuid("redemption_id").null(),
            Column::text("conflict").null(),
            Column::big_integer("amount_fen"),
            Column::big_integer("discount_fen"),
            Column::timestamp_with_time_zone("redeemed_at"),
            Column::timestamp_with_time_zone("uploaded_at"),
        ],
        unique: &[&["grant_id", "request_no"]],
        indexes: &[&["store_id", "uploaded_at"]],
    },
];

/// A request may use several coupons: one row each.
const BY_REQUEST: [&str; 2] = [
    "DROP INDEX redemption_store_id_request_no",
    "CREATE UNIQUE INDEX redemption_store_id_request_no ON redemption (store_id, request_no, part)",
];
const BY_REQUEST_BEFORE: [&str; 2] = [
    "DROP INDEX redemption_store_id_request_no",
    "CREATE UNIQUE INDEX redemption_store_id_request_no ON redemption (store_id, request_no)",
];
/// Locks that end by time are looked for among locked copies alone.
const LOCKED: &str = "CREATE INDEX coupon_locked_until ON coupon (locked_until) WHERE state = 'locked'";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await?;
        create(manager, TABLES).await?;
        for statement in BY_REQUEST {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        manager.get_connection().execute_unprepared(LOCKED).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX coupon_locked_until").await?;
        for statement in BY_REQUEST_BEFORE {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        drop_all(manager, TABLES).await?;
        take_away(manager, ADDITIONS).await
    }
}
