//! The schema's history, the same on SQLite and PostgreSQL. A migration is frozen once released and never imports `entity`.

use sea_orm_migration::prelude::*;

mod m20261122_000001_people;
mod m20261122_000002_trade;
mod m20261122_000003_reach;
mod m20261122_000004_machinery;
mod m20261127_000005_sending;
mod m20261128_000006_identity;
mod m20261128_000007_loyalty;
mod m20261128_000008_till;
mod m20261129_000009_feedback;
mod m20261129_000010_second_factor;
mod m20261129_000011_kept_cookie;
mod m20261129_000012_order_gift;
mod m20261129_000020_segment_size;
mod m20261129_000030_coupon_scan;
mod m20261129_000050_name_since;
mod m20261201_000061_analysis;
mod table;

pub use sea_orm_migration::{MigratorTrait, sea_orm};

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_people::Migration),
            Box::new(m20261122_000002_trade::Migration),
            Box::new(m20261122_000003_reach::Migration),
            Box::new(m20261122_000004_machinery::Migration),
            Box::new(m20261127_000005_sending::Migration),
            Box::new(m20261128_000006_identity::Migration),
            Box::new(m20261128_000007_loyalty::Migration),
            Box::new(m20261128_000008_till::Migration),
            Box::new(m20261129_000009_feedback::Migration),
            Box::new(m20261129_000010_second_factor::Migration),
            Box::new(m20261129_000011_kept_cookie::Migration),
            Box::new(m20261129_000012_order_gift::Migration),
            Box::new(m20261129_000020_segment_size::Migration),
            Box::new(m20261129_000030_coupon_scan::Migration),
            Box::new(m20261129_000050_name_since::Migration),
            Box::new(m20261201_000061_analysis::Migration),
        ]
    }
}
