//! The platforms as a sandbox with virtual phones, and a worker beside the application, for tests that reach people.
//!
//! `TestApp::with_platforms()` starts both: the application talks to the sandbox, the sandbox pushes its events back to the
//! application's callbacks, and the worker's consumers run. Nothing moves by itself: `drain` does what is due at the present
//! time, `advance` moves the application's clock and the sandbox's together.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use sandbox::{Sandbox, SandboxClock, SandboxSettings, demo_keys};
use serde_json::{Value, json};
use service::Context;
use service::settings::{Secret, Settings};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use worker::Worker;
use worker::broker::{AmqpBroker, AmqpSettings, Broker, MemoryBroker, MemorySettings};
use worker::topology::RetryLadder;

use crate::app::{TestApp, start};
use crate::services::fresh_name;

/// One-time templates of the sandbox's demo account: `thing1`, `date2`, `thing3`.
pub const COUPON_EXPIRY: &str = "TMPL_COUPON_EXPIRY_00000000000000000000000A";
/// `thing1`, `amount2`, `date3`, `thing4`.
pub const COUPON_ARRIVAL: &str = "TMPL_COUPON_ARRIVAL_0000000000000000000000B";
/// The long-term one: `thing1`, `phrase2`, `time3`.
pub const SERVICE_PROGRESS: &str = "TMPL_SERVICE_PROGRESS_00000000000000000000F";
/// The marketing SMS of the demo account, with `name`.
pub const SMS_MARKETING: &str = "SMS_400000103";
/// The same at Tencent.
pub const SMS_MARKETING_TENCENT: &str = "1400103";

pub const CALLBACK_TOKEN: &str = "callback-token";
/// With `wechat.callback_aes_key` set to this the sandbox's pushes are sealed XML; without, plain JSON.
pub const CALLBACK_AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const SMS_CALLBACK_KEY: &str = "sms-callback-key";

/// A test's retry ladder: it must be climbed within the test.
const RUNGS: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(4)];
/// Far more than a push over loopback takes, so that reaching it means that none came.
const PATIENCE: Duration = Duration::from_secs(20);

/// The sandbox and the worker of one application.
pub struct Platforms {
    sandbox: Sandbox,
    worker: Worker,
    stop: CancellationToken,
    consumers: JoinSet<()>,
    amqp_prefix: Option<String>,
}

/// Somebody with a phone.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub phone: String,
    pub openid: String,
    pub unionid: String,
}

impl Person {
    fn read(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().expect("a person has it").to_owned();
        Self { id: text("id"), phone: text("phone"), openid: text("openid"), unionid: text("unionid") }
    }
}

impl TestApp {
    /// With a sandbox, and a worker on the in-process broker.
    pub async fn with_platforms() -> Self {
        Self::with_platforms_and("").await
    }

    /// With some settings changed, written as in huike.toml; the platforms' own are set afterwards.
    pub async fn with_platforms_and(overrides: &str) -> Self {
        Self::with_platforms_where(overrides, |_| {}).await
    }

    /// With settings changed after the platforms' own are set.
    pub async fn with_platforms_where(overrides: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let (sandbox, mut app) = Self::beside_sandbox(overrides, change).await;
        let broker = Arc::new(MemoryBroker::new(MemorySettings {
            ladder: RetryLadder::new(RUNGS),
            ..MemorySettings::default()
        }));
        app.start_worker(sandbox, broker, None).await;
        app
    }

    /// With the broker that the way of running has: RabbitMQ, under names of this test's own, in the distributed one.
    pub async fn with_platforms_and_own_broker() -> Self {
        let (sandbox, mut app) = Self::beside_sandbox("", |_| {}).await;
        if app.ctx.settings.amqp_url.is_empty() {
            let ladder = RetryLadder::new(RUNGS);
            let broker = MemoryBroker::new(MemorySettings { ladder, ..MemorySettings::default() });
            app.start_worker(sandbox, Arc::new(broker), None).await;
            return app;
        }
        let prefix = format!("{}.", fresh_name());
        let broker = amqp(&app.ctx, &prefix).await;
        app.start_worker(sandbox, Arc::new(broker), Some(prefix)).await;
        app
    }

    async fn beside_sandbox(overrides: &str, change: impl FnOnce(&mut Settings)) -> (Sandbox, Self) {
        let settings = SandboxSettings { clock: SandboxClock::Fixed(start()), ..SandboxSettings::default() };
        let sandbox = Sandbox::start(settings.clone()).await.expect("the sandbox starts");
        let base_url = sandbox.base_url();
        let app = Self::with_changed(overrides, |mine| {
            configure(mine, &settings, &base_url);
            change(mine);
        })
        .await;
        (sandbox, app)
    }

    async fn start_worker(&mut self, sandbox: Sandbox, broker: Arc<dyn Broker>, amqp_prefix: Option<String>) {
        let worker = Worker::new(self.ctx.clone(), broker);
        let stop = CancellationToken::new();
        let consumers = worker.start_consumers(&stop);
        self.platforms = Some(Platforms { sandbox, worker, stop, consumers, amqp_prefix });
        let safe = !self.ctx.settings.wechat.callback_aes_key.is_empty();
        let (mode, format) = if safe { ("safe", "xml") } else { ("plain", "json") };
        self.point_callbacks(mode, format).await;
        let generous = json!({
            "per_thirty_seconds": 1000, "per_hour": 1000, "per_day": 1000, "same_content_per_day": 1000,
        });
        self.sandbox(Method::PUT, "/sms-rules", generous).await;
    }

    /// Ends the worker as a power cut would, in the middle of whatever it does, and starts another with an empty queue.
    pub async fn kill_worker(&mut self) {
        let platforms = self.platforms.as_mut().expect("this application was started with platforms");
        platforms.consumers.shutdown().await;
        let broker = MemoryBroker::new(MemorySettings {
            ladder: RetryLadder::new(RUNGS),
            ..MemorySettings::default()
        });
        platforms.worker = Worker::new(self.ctx.clone(), Arc::new(broker));
        platforms.consumers = platforms.worker.start_consumers(&platforms.stop);
        if self.ctx.settings.is_embedded() {
            service::outbox::release_all(&self.ctx).await.expect("the outbox can be released");
        }
    }

    /// Lets the worker do what is due without waiting for its end.
    pub fn drain_aside(&self) -> tokio::task::JoinHandle<()> {
        let worker = self.worker().clone();
        tokio::spawn(async move { worker.drain().await.expect("the work gets done") })
    }

    /// Where the sandbox pushes: WeChat's events in `mode` (plain, compatible, safe) and `format` (json, xml), SMS receipts and
    /// replies.
    pub async fn point_callbacks(&self, mode: &str, format: &str) {
        let url = self.url("/v1/callbacks/wechat");
        let target = json!({
            "url": url, "token": CALLBACK_TOKEN, "aes_key": CALLBACK_AES_KEY, "mode": mode, "format": format,
        });
        self.sandbox(Method::PUT, "/callback", json!({ "target": target })).await;
        let sms = |provider: &str| self.url(&format!("/v1/callbacks/sms/{provider}?key={SMS_CALLBACK_KEY}"));
        let receivers = json!({
            "tencent": sms("tencent"), "aliyun_report": sms("aliyun"), "aliyun_reply": sms("aliyun"),
        });
        self.sandbox(Method::PUT, "/sms-callbacks", receivers).await;
    }

    pub fn platforms(&self) -> &Platforms {
        self.platforms.as_ref().expect("this application was started with platforms")
    }

    pub fn worker(&self) -> &Worker {
        &self.platforms().worker
    }

    /// A second worker with consumers of its own, on a broker of its own.
    pub fn another_worker(&self) -> Worker {
        Worker::new(self.ctx.clone(), Arc::new(MemoryBroker::new(MemorySettings::default())))
    }

    /// A call of the sandbox's control API that must succeed; `path` is below `/sandbox/api`.
    pub async fn sandbox(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/api{path}", self.platforms().sandbox.base_url());
        let answer = self.client.request(method, url).json(&body).send().await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Moves the application's clock and sets the sandbox's to the same time.
    pub async fn advance(&self, by: chrono::Duration) {
        self.clock.advance(by);
        self.sync_clocks().await;
    }

    /// Sets both clocks.
    pub async fn set_time(&self, now: chrono::DateTime<chrono::Utc>) {
        self.clock.set(now);
        self.sync_clocks().await;
    }

    /// Waiting for a rate moves the application's clock alone; this brings the sandbox's after it.
    pub async fn sync_clocks(&self) {
        self.sandbox(Method::PUT, "/clock", json!({ "now": self.ctx.now() })).await;
    }

    /// Does everything that is due at the present time. Afterwards no message is on its way and none has died.
    pub async fn drain(&self) {
        self.worker().drain().await.expect("the work gets done");
        self.callbacks_settled().await;
        assert_eq!(self.outbox_rows().await, 0, "messages were left in the outbox");
        assert_eq!(self.dead_letters().await, 0, "messages have died");
    }

    pub async fn outbox_rows(&self) -> u64 {
        use sea_orm::{EntityTrait, PaginatorTrait};
        entity::outbox::Entity::find().count(self.ctx.db.read()).await.expect("the outbox can be counted")
    }

    pub async fn dead_letters(&self) -> u64 {
        service::dead_letter::count(&self.ctx).await.expect("the dead letters can be counted")
    }

    /// Waits until every push of the sandbox that can go has been answered.
    pub async fn callbacks_settled(&self) {
        let state = self.platforms().sandbox.state();
        let settled = async {
            while state.callbacks_pending() > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("the sandbox's pushes are answered");
    }

    pub async fn person(&self, phone: &str) -> Person {
        Person::read(&self.sandbox(Method::POST, "/people", json!({ "phone": phone })).await)
    }

    /// With consecutive phone numbers from 13800000000 on.
    pub async fn people(&self, count: usize) -> Vec<Person> {
        let wish = json!({ "count": count, "phone_start": 13_800_000_000_u64 });
        let made = self.sandbox(Method::POST, "/people/batch", wish).await;
        made["people"].as_array().expect("people").iter().map(Person::read).collect()
    }

    /// These people answer a subscription prompt, a second after whatever they did before; returns when the events have been
    /// taken. Nobody answers two prompts in one second, and the platform's events tell no smaller time.
    pub async fn answer_prompts(&self, people: &[Person], template_id: &str, answer: &str) {
        self.sandbox(Method::PUT, "/clock", json!({ "advance_seconds": 1 })).await;
        let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
        let body = json!({ "person_ids": ids, "template_id": template_id, "answer": answer });
        self.sandbox(Method::POST, "/prompts/batch", body).await;
        self.callbacks_settled().await;
    }

    pub async fn cancel_subscription(&self, person: &Person, template_id: &str) {
        let path = format!("/people/{}/subscriptions/{template_id}/cancel", person.id);
        self.sandbox(Method::POST, &path, Value::Null).await;
        self.callbacks_settled().await;
    }

    /// What is on somebody's phone, oldest first.
    pub async fn messages_of(&self, person: &Person) -> Vec<Value> {
        let path = format!("/people/{}/messages", person.id);
        let answer = self.sandbox(Method::GET, &path, Value::Null).await;
        answer["messages"].as_array().cloned().unwrap_or_default()
    }

    /// How many messages have reached phones.
    pub fn messages_received(&self) -> usize {
        self.platforms().sandbox.state().messages()
    }

    /// The fault knobs of one path of a platform.
    pub async fn set_fault(&self, path: &str, faults: Value) {
        self.sandbox(Method::PUT, "/faults", json!({ "paths": { path: faults } })).await;
    }

    pub async fn set_callback_faults(&self, faults: Value) {
        self.sandbox(Method::PUT, "/faults", json!({ "callbacks": faults })).await;
    }

    pub async fn clear_faults(&self) {
        self.sandbox(Method::PUT, "/faults", json!({})).await;
    }
}

impl Drop for Platforms {
    fn drop(&mut self) {
        self.stop.cancel();
        self.consumers.abort_all();
        let Some(prefix) = self.amqp_prefix.take() else { return };
        let ctx = self.worker.context().clone();
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let _ = amqp(&ctx, &prefix).await.remove_topology().await;
            });
        });
        let _ = removed.join();
    }
}

async fn amqp(ctx: &Context, prefix: &str) -> AmqpBroker {
    let settings = AmqpSettings {
        prefix: prefix.to_owned(),
        ladder: RetryLadder::new(RUNGS),
        ..AmqpSettings::new(ctx.settings.amqp_url.expose())
    };
    AmqpBroker::connect(settings).await.expect("RabbitMQ is named")
}

fn configure(mine: &mut Settings, platforms: &SandboxSettings, base_url: &str) {
    let keys = demo_keys();
    // The clock is moved by days; a test's sessions last.
    mine.sign_in.access_token_seconds = 3650 * 86_400;
    mine.wechat.base_url = base_url.to_owned();
    mine.wechat.appid = platforms.wechat.appid.clone();
    mine.wechat.secret = Secret::new(platforms.wechat.secret.clone());
    mine.wechat.callback_token = Secret::new(CALLBACK_TOKEN);
    if mine.sms.provider.is_empty() {
        mine.sms.provider = "aliyun".to_owned();
    }
    mine.sms.callback_key = Secret::new(SMS_CALLBACK_KEY);
    mine.sms.sign_name = platforms.aliyun_sms.signs.first().cloned().unwrap_or_default();
    mine.aliyun_sms.base_url = base_url.to_owned();
    mine.aliyun_sms.access_key_id = Secret::new(platforms.aliyun_sms.access_key_id.clone());
    mine.aliyun_sms.access_key_secret = Secret::new(platforms.aliyun_sms.access_key_secret.clone());
    mine.tencent_sms.base_url = base_url.to_owned();
    mine.tencent_sms.secret_id = Secret::new(platforms.tencent_sms.secret_id.clone());
    mine.tencent_sms.secret_key = Secret::new(platforms.tencent_sms.secret_key.clone());
    mine.tencent_sms.sdk_app_id = platforms.tencent_sms.sdk_app_id.clone();
    let templates = match mine.sms.provider.as_str() {
        "tencent" => &platforms.tencent_sms.templates,
        _ => &platforms.aliyun_sms.templates,
    };
    mine.sign_in.sms_template = templates.first().map(|template| template.id.clone()).unwrap_or_default();
    mine.alipay.gateway_url = format!("{base_url}/gateway.do");
    mine.alipay.authorise_url = format!("{base_url}/oauth2/publicAppAuthorize.htm");
    mine.alipay.app_id = platforms.alipay.app_id.clone();
    mine.alipay.private_key = Secret::new(keys.app_private_key_pem);
    mine.alipay.alipay_public_key = keys.alipay_public_key_pem.to_owned();
    mine.alipay.aes_key = Secret::new(keys.aes_key);
}
