//! Coupons that are given with an order, and what a refund keeps back for one that was used.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, Table, add, create, drop_all, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] = &[Addition {
    table: "refund",
    columns: &[Column::big_integer("gift_fen").or("0")],
    unique: &[],
    indexes: &[],
}];

const TABLES: &[Table] = &[Table {
    name: "order_gift",
    columns: &[
        Column::uuid("purchase_id").primary_key().references("purchase"),
        Column::uuid("template_id").references("coupon_template"),
        Column::big_integer("threshold_fen"),
        Column::text("outcome"),
        Column::uuid("coupon_id").null(),
        Column::big_integer("value_fen").or("0"),
        Column::timestamp_with_time_zone("created_at"),
        Column::timestamp_with_time_zone("taken_back_at").null(),
    ],
    unique: &[],
    indexes: &[],
}];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, TABLES).await?;
        add(manager, ADDITIONS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_away(manager, ADDITIONS).await?;
        drop_all(manager, TABLES).await
    }
}
