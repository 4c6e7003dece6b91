//! Trade: purchase, purchase_line, coupon_template, coupon_template_store, coupon, coupon_event, redemption.

use sea_orm_migration::prelude::*;

use crate::table::{Column, Table, create, drop_all};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &[Table] = &[
    Table {
        name: "purchase",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("store_id").references("store"),
            Column::text("order_no"),
            Column::uuid("member_id").references("member"),
            Column::uuid("staff_id").null(),
            Column::big_integer("total_fen"),
            Column::big_integer("quantity"),
            Column::timestamp_with_time_zone("purchased_at"),
            Column::text("source"),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[&["store_id", "order_no"]],
        indexes: &[&["member_id", "purchased_at"]],
    },
    Table {
        name: "purchase_line",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("purchase_id").references("purchase"),
            Column::text("product_code").null(),
            Column::text("name"),
            Column::text("category").null(),
            Column::big_integer("quantity"),
            Column::big_integer("price_fen"),
            Column::big_integer("cost_fen").null(),
        ],
        unique: &[],
        indexes: &[&["purchase_id"]],
    },
    Table {
        name: "coupon_template",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::text("name"),
            Column::text("kind"),
            Column::big_integer("threshold_fen"),
            Column::big_integer("discount_fen").null(),
            Column::integer("pay_percent").null(),
            Column::big_integer("discount_ceiling_fen").null(),
            Column::text("gift_name").null(),
            Column::text("validity"),
            Column::timestamp_with_time_zone("valid_from").null(),
            Column::timestamp_with_time_zone("valid_until").null(),
            Column::integer("valid_days").null(),
            Column::boolean("all_stores"),
            Column::big_integer("stock"),
            Column::big_integer("taken"),
            Column::integer("limit_per_member"),
            Column::boolean("claimable"),
            Column::timestamp_with_time_zone("claim_from").null(),
            Column::timestamp_with_time_zone("claim_until").null(),
            Column::text("state"),
            Column::timestamp_with_time_zone("created_at"),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "coupon_template_store",
        columns: &[
            Column::uuid("template_id").primary_key().references("coupon_template"),
            Column::uuid("store_id").primary_key().references("store"),
        ],
        unique: &[],
        indexes: &[],
    },
    Table {
        name: "coupon",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("template_id").references("coupon_template"),
            Column::uuid("member_id").references("member"),
            Column::integer("slot"),
            Column::text("code").unique(),
            Column::text("state"),
            Column::timestamp_with_time_zone("valid_from"),
            Column::timestamp_with_time_zone("valid_until"),
            Column::text("source"),
            Column::uuid("source_id").null(),
            Column::timestamp_with_time_zone("claimed_at"),
            Column::timestamp_with_time_zone("used_at").null(),
            Column::timestamp_with_time_zone("updated_at"),
        ],
        unique: &[&["template_id", "member_id", "slot"]],
        indexes: &[&["member_id", "state"], &["state", "valid_until"]],
    },
    Table {
        name: "coupon_event",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("coupon_id"),
            Column::text("from_state").null(),
            Column::text("to_state"),
            Column::text("reason").null(),
            Column::text("actor_kind"),
            Column::uuid("actor_id").null(),
            Column::timestamp_with_time_zone("created_at"),
        ],
        unique: &[],
        indexes: &[&["coupon_id"]],
    },
    Table {
        name: "redemption",
        columns: &[
            Column::uuid("id").primary_key(),
            Column::uuid("coupon_id").references("coupon"),
            Column::uuid("member_id"),
            Column::uuid("store_id").references("store"),
            Column::uuid("staff_id"),
            Column::text("request_no"),
            Column::text("request_hash"),
            Column::text("order_no").null(),
            Column::big_integer("amount_fen"),
            Column::big_integer("discount_fen"),
            Column::timestamp_with_time_zone("redeemed_at"),
            Column::timestamp_with_time_zone("reversed_at").null(),
            Column::uuid("reversed_by").null(),
            Column::text("reversal_reason").null(),
        ],
        unique: &[&["store_id", "request_no"]],
        indexes: &[&["member_id"], &["store_id", "redeemed_at"]],
    },
];

/// A partial index, which the builder cannot say; both dialects read it alike.
const REDEMPTION_LIVE: &str =
    "CREATE UNIQUE INDEX redemption_live ON redemption (coupon_id) WHERE reversed_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, TABLES).await?;
        manager.get_connection().execute_unprepared(REDEMPTION_LIVE).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, TABLES).await
    }
}
