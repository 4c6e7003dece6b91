//! `huike doctor`: looks at every dependency by itself and says what to fix.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use migration::sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::clock::{Clock, SystemClock};
use service::crypto::Keys;
use service::db::Db;
use service::key_file;
use service::platforms::Platforms;
use service::settings::Settings;
use service::shared_state::{MemorySharedState, RedisSharedState, SharedState};

use worker::connect_broker;

use crate::migrate;

/// A clock that differs more than this from the database's makes expiry and signatures wrong.
const CLOCK_TOLERANCE_SECONDS: i64 = 5;
const PATIENCE: Duration = Duration::from_secs(10);

/// How one thing was found; the error says what to fix.
struct Finding {
    name: &'static str,
    found: Result<String>,
}

pub async fn run() -> Result<ExitCode> {
    let mut settings = Settings::load()?;
    println!("ok    settings");
    let findings = [
        Finding { name: "secret keys", found: secret_keys(&mut settings) },
        Finding { name: "database", found: patiently(database(&settings)).await },
        Finding { name: "clock", found: patiently(clock(&settings)).await },
        Finding { name: "shared state", found: patiently(shared_state(&settings)).await },
        Finding { name: "broker", found: patiently(the_broker(&settings)).await },
        Finding { name: "platforms", found: platforms(&settings) },
    ];
    for Finding { name, found } in &findings {
        match found {
            Ok(detail) => println!("ok    {name}: {detail}"),
            Err(error) => println!("FIX   {name}: {error:#}"),
        }
    }
    let healthy = findings.iter().all(|finding| finding.found.is_ok());
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn patiently(check: impl Future<Output = Result<String>>) -> Result<String> {
    let answered = tokio::time::timeout(PATIENCE, Box::pin(check)).await;
    answered.unwrap_or_else(|_| Err(anyhow!("no answer within {} s", PATIENCE.as_secs())))
}

fn secret_keys(settings: &mut Settings) -> Result<String> {
    let source = key_file::ensure(settings)?;
    Keys::parse(settings.secret_keys.expose())?;
    Ok(match source {
        key_file::KeySource::Settings => "from the settings".to_owned(),
        key_file::KeySource::File(path) | key_file::KeySource::NewFile(path) => path.display().to_string(),
    })
}

async fn database(settings: &Settings) -> Result<String> {
    let db = connect(settings).await?;
    let pending = migrate::pending(&db).await?;
    db.close().await;
    match pending.first() {
        None => Ok("reachable and up to date".to_owned()),
        Some(_) if settings.is_embedded() => Ok("reachable; the next start brings it up to date".to_owned()),
        Some(first) => {
            bail!("{} migrations are pending, from {first} on: run `huike migrate up`", pending.len())
        }
    }
}

async fn connect(settings: &Settings) -> Result<Db> {
    Db::connect(settings).await.map_err(cause).context("can't connect; is database_url right, does it run?")
}

/// The cause behind an error of a use case, which by itself only names the dependency.
fn cause(error: service::Error) -> anyhow::Error {
    match error {
        service::Error::Unavailable { source, .. } | service::Error::Internal(source) => source,
        other => other.into(),
    }
}

/// Against the database's clock, or for SQLite against the time of its last write.
async fn clock(settings: &Settings) -> Result<String> {
    let now = SystemClock.now();
    if settings.is_embedded() {
        let file = key_file::database_file(settings.database_url.expose());
        let written = file.metadata().and_then(|file| file.modified()).map_or(now, DateTime::<Utc>::from);
        return compare(now, written.max(now), "the database's last write");
    }
    let db = connect(settings).await?;
    let ask = Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp() AS now");
    let row = db.read().query_one_raw(ask).await?.context("the database did not tell the time")?;
    let theirs: DateTime<Utc> = row.try_get("", "now")?;
    db.close().await;
    compare(SystemClock.now(), theirs, "the database")
}

fn compare(ours: DateTime<Utc>, theirs: DateTime<Utc>, whose: &str) -> Result<String> {
    let apart = (ours - theirs).num_seconds();
    if apart.abs() > CLOCK_TOLERANCE_SECONDS {
        bail!("this machine's clock is {apart} s off from {whose}: run NTP");
    }
    Ok(ours.to_rfc3339())
}

async fn shared_state(settings: &Settings) -> Result<String> {
    match settings.redis_url.expose() {
        "" => Ok("in this process".to_owned()),
        url => {
            let shared = RedisSharedState::connect(url).context("is redis_url right, does Redis run?")?;
            shared.ping().await.context("does Redis run?")?;
            Ok("Redis answers".to_owned())
        }
    }
}

async fn the_broker(settings: &Settings) -> Result<String> {
    let broker = connect_broker(settings).await.context("is amqp_url right?")?;
    let answer = broker.ping().await.context("is amqp_url right, does RabbitMQ run?");
    broker.close().await;
    answer?;
    Ok(if settings.amqp_url.is_empty() { "in this process" } else { "RabbitMQ answers" }.to_owned())
}

/// Which SMS suppliers there are, with their weights.
fn suppliers(platforms: &Platforms) -> String {
    let Ok(suppliers) = platforms.sms() else { return "not configured".to_owned() };
    let named: Vec<_> =
        suppliers.iter().map(|one| format!("{}:{}", one.client.provider(), one.weight)).collect();
    format!("by {}", named.join(", "))
}

/// A platform without settings is not an error: what needs it refuses.
fn platforms(settings: &Settings) -> Result<String> {
    let shared: Arc<dyn SharedState> = Arc::new(MemorySharedState::new());
    let platforms = Platforms::connect(settings, shared, Arc::new(SystemClock)).map_err(cause)?;
    let state = |configured: bool| if configured { "configured" } else { "not configured" };
    Ok(format!(
        "WeChat {}, its callbacks {}, SMS {}, Alipay {}",
        state(platforms.wechat().is_ok()),
        state(platforms.wechat_callback().is_ok()),
        suppliers(&platforms),
        state(platforms.alipay().is_ok()),
    ))
}
