//! A till may read a coupon's own code instead of the card's: then the scan is good for that coupon alone.

use sea_orm_migration::prelude::*;

use crate::table::{Addition, Column, add, take_away};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ADDITIONS: &[Addition] =
    &[Addition { table: "scan", columns: &[Column::uuid("coupon_id").null()], unique: &[], indexes: &[] }];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(manager, ADDITIONS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        take_away(manager, ADDITIONS).await
    }
}
