//! The application as a test sees it: served over HTTP in this process, with a database of its own and a clock that
//! stands still until it is moved.

use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Serialize;
use service::Context;
use service::clock::ManualClock;
use service::settings::{Secret, Settings};
use service::shared_state::{MemorySharedState, RedisSharedState, SharedState};
use tokio_util::sync::CancellationToken;

use crate::answer::Ask;
use crate::database::{TestDatabase, Way, chosen};
use crate::platforms::Platforms;

/// Monday, 10:00 in Shanghai.
pub const START: &str = "2026-03-02T02:00:00Z";
const KEYS: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub struct TestApp {
    pub ctx: Context,
    pub clock: Arc<ManualClock>,
    pub client: reqwest::Client,
    /// Of an application that was started with platforms; goes first, as it uses the rest.
    pub(crate) platforms: Option<Platforms>,
    base_url: String,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<()>>,
    _database: TestDatabase,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with_settings("").await
    }

    /// With some settings changed, written as in huike.toml.
    pub async fn with_settings(overrides: &str) -> Self {
        Self::with_server(overrides, |server| server).await
    }

    /// With a server changed before it serves, e.g. one more readiness check.
    pub async fn with_server(overrides: &str, change: impl FnOnce(api::Server) -> api::Server) -> Self {
        Self::build(overrides, |_| {}, |ctx| change(api::Server::new(ctx))).await
    }

    /// With settings changed after they were read.
    pub(crate) async fn with_changed(overrides: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::build(overrides, change, api::Server::new).await
    }

    /// What a process of workers serves.
    pub async fn with_operators_only() -> Self {
        Self::build("", |_| {}, api::Server::operators_only).await
    }

    async fn build(
        overrides: &str,
        change_settings: impl FnOnce(&mut Settings),
        server: impl FnOnce(Context) -> api::Server,
    ) -> Self {
        let way = Way::chosen();
        let database = TestDatabase::create(way).await;
        let clock = Arc::new(ManualClock::at(start()));
        let mut settings = settings(way, &database, overrides);
        change_settings(&mut settings);
        let ctx = context(settings, clock.clone()).await;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("the port is known"));
        let shutdown = CancellationToken::new();
        let serving = serve(server(ctx.clone()), listener, shutdown.clone());
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let serving = Some(serving);
        Self { ctx, clock, client, platforms: None, base_url, shutdown, serving, _database: database }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    pub fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path)
    }

    pub fn post(&self, path: &str, body: impl Serialize) -> Ask {
        self.ask_with(Method::POST, path, body)
    }

    pub fn put(&self, path: &str, body: impl Serialize) -> Ask {
        self.ask_with(Method::PUT, path, body)
    }

    pub fn patch(&self, path: &str, body: impl Serialize) -> Ask {
        self.ask_with(Method::PATCH, path, body)
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask {
        Ask(self.client.request(method, self.url(path)))
    }

    /// Tells the server to stop; the future ends when it has.
    pub fn stop(&mut self) -> impl Future<Output = ()> + use<> {
        self.shutdown.cancel();
        let serving = self.serving.take();
        async move {
            let stopped = tokio::task::spawn_blocking(|| serving.map(JoinHandle::join)).await;
            assert!(matches!(stopped, Ok(None | Some(Ok(())))), "the server ended badly");
        }
    }

    fn ask_with(&self, method: Method, path: &str, body: impl Serialize) -> Ask {
        Ask(self.client.request(method, self.url(path)).json(&body))
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// When every test begins.
pub fn start() -> DateTime<Utc> {
    START.parse().expect("a time")
}

fn settings(way: Way, database: &TestDatabase, overrides: &str) -> Settings {
    let mut settings = Settings::from_toml(overrides).expect("the overrides are valid settings");
    settings.database_url = Secret::new(database.url());
    settings.secret_keys = Secret::new(KEYS);
    settings.database.max_connections = 6;
    settings.server.threads = 1;
    settings.server.shutdown_seconds = 1;
    if way == Way::Distributed {
        settings.redis_url = Secret::new(chosen("HUIKE_TEST_REDIS_URL", "redis://127.0.0.1:6379"));
        settings.amqp_url = Secret::new(chosen("HUIKE_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672"));
    }
    settings
}

async fn context(settings: Settings, clock: Arc<ManualClock>) -> Context {
    let shared: Arc<dyn SharedState> = match settings.redis_url.expose() {
        "" => Arc::new(MemorySharedState::new()),
        url => Arc::new(
            RedisSharedState::connect(url)
                .expect("Redis is named")
                .with_namespace(settings.database_url.expose())
                .with_callers_clock(),
        ),
    };
    Context::with_shared_state(settings, clock, shared).await.expect("the context connects")
}

/// In a thread of its own, so that a test which computes does not keep the server waiting.
fn serve(server: api::Server, listener: TcpListener, shutdown: CancellationToken) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(server.serve(listener, shutdown)).expect("the server serves");
    })
}
