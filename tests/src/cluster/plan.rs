//! What a cluster is made of, and how it comes up.

use std::path::PathBuf;
use std::sync::Arc;

use entity::states::StaffRole;
use sandbox::{Sandbox, SandboxSettings};
use sea_orm::ConnectionTrait as _;
use service::Context;
use service::clock::SystemClock;
use service::settings::{Secret, Settings};
use service::shared_state::MemorySharedState;

use super::{Audience, Cluster};
use crate::builders;
use crate::database::{TestDatabase, TestFolder, Way, chosen};
use crate::private::free_port;
use crate::services::{fresh_name, say_skipped};

pub const CALLBACK_TOKEN: &str = "chaos-callback-token";
/// The sandbox's demo account.
const APPID: &str = "wx5a6db0c0ffee2025";
const APP_SECRET: &str = "5a6db0c5ec2e70000000000000000001";
const KEYS: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// As `HUIKE_BROKER_RETRY_SECONDS` says it.
pub(super) const RETRY_SECONDS: [u64; 3] = [1, 2, 5];

/// What every cluster begins with: no quiet hours, since these processes run on the real clock, and short leases, since
/// nobody waits for minutes.
const SETTINGS: &[(&str, &str)] = &[
    ("HUIKE_SECRET_KEYS", KEYS),
    ("HUIKE_WECHAT_APPID", APPID),
    ("HUIKE_WECHAT_SECRET", APP_SECRET),
    ("HUIKE_WECHAT_CALLBACK_TOKEN", CALLBACK_TOKEN),
    ("HUIKE_QUIET_HOURS_START", "00:00"),
    ("HUIKE_QUIET_HOURS_END", "00:00"),
    ("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", "15"),
    ("HUIKE_DELIVERY_QUEUE_LEASE_SECONDS", "15"),
    ("HUIKE_BROKER_RELAY_LEASE_SECONDS", "3"),
    ("HUIKE_BROKER_RETRY_SECONDS", "[1, 2, 5]"),
    // Two clusters at once, of nine processes, and the other tests fit into the hundred connections of a PostgreSQL as it comes.
    ("HUIKE_DATABASE_MAX_CONNECTIONS", "7"),
    ("HUIKE_DATABASE_URGENT_CONNECTIONS", "1"),
    ("HUIKE_SERVER_SHUTDOWN_SECONDS", "5"),
    ("HUIKE_LOG_FORMAT", "json"),
    ("HUIKE_LOG_FILTER", "warn,service=info,worker=info"),
    ("RUST_BACKTRACE", "0"),
];

pub struct ClusterPlan {
    workers: usize,
    members: usize,
    consents: i32,
    database: Option<String>,
    amqp: Option<String>,
    redis: Option<String>,
    settings: Vec<(String, String)>,
}

impl ClusterPlan {
    /// With so many members who can be reached and have each accepted one message of the template.
    pub fn of(members: usize) -> Self {
        let settings = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            workers: 1,
            members,
            consents: 1,
            database: None,
            amqp: None,
            redis: None,
            settings: settings.collect(),
        }
    }

    /// One process is all workers in the embedded way.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = if Way::chosen() == Way::Embedded { 1 } else { workers };
        self
    }

    pub fn consents(mut self, consents: i32) -> Self {
        self.consents = consents;
        self
    }

    /// A setting by its variable; the last word counts.
    pub fn set(mut self, variable: &str, value: impl ToString) -> Self {
        self.settings.push((variable.to_owned(), value.to_string()));
        self
    }

    /// A PostgreSQL of the test's own, with a migrated database.
    pub fn database(mut self, url: String) -> Self {
        self.database = Some(url);
        self
    }

    pub fn amqp(mut self, url: impl Into<String>) -> Self {
        self.amqp = Some(url.into());
        self
    }

    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.redis = Some(url.into());
        self
    }

    /// Everything runs when this returns but the workers, which become ready by themselves. None when there is no binary
    /// to test; that is told loudly.
    pub async fn start(self) -> Option<Cluster> {
        let mut cluster = self.prepare().await?;
        cluster.start_api().await;
        for worker in 0..cluster.workers() {
            if cluster.workers[worker].is_none() {
                cluster.start_worker(worker);
            }
        }
        cluster.point_callbacks().await;
        Some(cluster)
    }

    async fn prepare(mut self) -> Option<Cluster> {
        let binary = binary()?;
        let way = Way::chosen();
        let own = match &self.database {
            Some(_) => None,
            None => Some(TestDatabase::create(way).await),
        };
        let database = self.database.take().or(own.as_ref().map(|own| own.url().to_owned()));
        let database = database.expect("there is one or the other");
        let sandbox = SandboxSettings { listen: "127.0.0.1:0".to_owned(), ..SandboxSettings::default() };
        let sandbox = Sandbox::start(sandbox).await.expect("the sandbox starts");
        let api_port = free_port();
        let queues = self.connect(way, &database, &sandbox, api_port);
        let ctx = eye(&database).await;
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let mut cluster = Cluster {
            audience: Audience::default(),
            token: builders::staff_token(&ctx, StaffRole::Owner).await,
            ctx,
            way,
            binary,
            environment: self.settings,
            api_port,
            api: None,
            workers: (0..self.workers).map(|_| None).collect(),
            sandbox,
            client,
            queues,
            folder: TestFolder::create(),
            _database: own,
        };
        cluster.audience = cluster.enrol(self.members, self.consents).await;
        analyse(&cluster.ctx).await;
        Some(cluster)
    }

    /// Tells the processes where everything is; what is to be removed from RabbitMQ in the end.
    fn connect(
        &mut self,
        way: Way,
        database: &str,
        sandbox: &Sandbox,
        api_port: u16,
    ) -> Option<(String, String)> {
        let mut tell = |name: &str, value: &str| self.settings.push((name.to_owned(), value.to_owned()));
        tell("HUIKE_LISTEN", &format!("127.0.0.1:{api_port}"));
        tell("HUIKE_DATABASE_URL", database);
        tell("HUIKE_WECHAT_BASE_URL", &sandbox.base_url());
        if way == Way::Embedded {
            return None;
        }
        let name = fresh_name();
        let default = |variable, url: &str| chosen(variable, url);
        let redis = self.redis.take();
        let redis = redis.unwrap_or_else(|| default("HUIKE_TEST_REDIS_URL", "redis://127.0.0.1:6379"));
        let amqp = self.amqp.take();
        let amqp =
            amqp.unwrap_or_else(|| default("HUIKE_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672"));
        tell("HUIKE_REDIS_URL", &redis);
        tell("HUIKE_REDIS_NAMESPACE", &name);
        tell("HUIKE_AMQP_URL", &amqp);
        tell("HUIKE_BROKER_PREFIX", &format!("{name}."));
        Some((amqp, format!("{name}.")))
    }
}

/// Where the binary is; None is told loudly.
pub fn binary() -> Option<PathBuf> {
    let binary = chosen("HUIKE_TEST_BINARY", "");
    if binary.is_empty() {
        let thread = std::thread::current();
        say_skipped("HUIKE_TEST_BINARY", thread.name().unwrap_or("a test"));
        return None;
    }
    Some(binary.into())
}

/// The test's own context on the cluster's database, on the real clock as the processes are.
async fn eye(database: &str) -> Context {
    let mut settings = Settings::from_toml("").expect("the defaults are valid");
    settings.database_url = Secret::new(database);
    settings.secret_keys = Secret::new(KEYS);
    settings.wechat.appid = APPID.to_owned();
    settings.wechat.secret = Secret::new(APP_SECRET);
    settings.database.max_connections = 4;
    settings.database.wait_seconds = 30;
    let shared = Arc::new(MemorySharedState::new());
    Context::with_shared_state(settings, Arc::new(SystemClock), shared).await.expect("the database answers")
}

/// A table that was filled a moment ago has no statistics, and a plan without them is a bad one.
async fn analyse(ctx: &Context) {
    ctx.db.writer().execute_unprepared("ANALYZE").await.expect("the tables are analysed");
}
