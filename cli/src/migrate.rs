//! `huike migrate`, and what a starting process does about the schema: embedded it brings it up to date by itself,
//! distributed it refuses to start, for then somebody must choose the moment.

use anyhow::{Result, bail};
use clap::Subcommand;
use migration::sea_orm::{ConnectionTrait, DbBackend};
use migration::{Migrator, MigratorTrait};
use service::Context;
use service::db::Db;

use crate::start;

/// Of the advisory lock that lets only one process migrate PostgreSQL at a time; any number, but always the same.
const LOCK: i64 = 0x68_7569_6b65;

#[derive(Subcommand)]
pub enum Direction {
    /// Applies what is pending.
    Up,
    /// Takes the newest migrations back, with the data in what they made.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Lists the migrations.
    Status,
}

pub async fn run(direction: Direction) -> Result<()> {
    let ctx = start::context().await?;
    match direction {
        Direction::Up => up(&ctx).await?,
        Direction::Down { steps } => Migrator::down(ctx.db.writer(), Some(steps)).await?,
        Direction::Status => {}
    }
    for migration in Migrator::get_migration_with_status_read_only(ctx.db.writer()).await? {
        println!("{:<10} {}", migration.status().to_string().to_lowercase(), migration.name());
    }
    ctx.db.close().await;
    Ok(())
}

pub async fn ensure_current(ctx: &Context) -> Result<()> {
    let pending = pending(&ctx.db).await?;
    match pending.first() {
        None => Ok(()),
        Some(_) if ctx.settings.is_embedded() => {
            tracing::info!(migrations = pending.len(), "bringing the database up to date");
            up(ctx).await
        }
        Some(first) => {
            bail!("the database lacks {} migrations, from {first} on: run `huike migrate up`", pending.len())
        }
    }
}

/// Names of the migrations that the database lacks.
pub async fn pending(db: &Db) -> Result<Vec<String>> {
    let pending = Migrator::get_pending_migrations_read_only(db.writer()).await?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}

async fn up(ctx: &Context) -> Result<()> {
    if ctx.db.backend() != DbBackend::Postgres {
        return Ok(Migrator::up(ctx.db.writer(), None).await?);
    }
    let lock = ctx.db.begin().await?;
    lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
    Migrator::up(ctx.db.writer(), None).await?;
    lock.commit().await?;
    Ok(())
}
