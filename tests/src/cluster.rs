//! An installation of real processes: an API and workers of the binary under test, or one that is both in the embedded way,
//! with the sandbox as judge. The test sees it through its database, its API and the phones.

mod audience;
mod judge;
mod phones;
mod plan;

pub use audience::Audience;
pub use judge::Verdict;
pub use phones::{SEND, busiest_second};
use plan::RETRY_SECONDS;
pub use plan::{ClusterPlan, binary};

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use entity::campaign;
use entity::states::{CampaignState, DeliveryState, StaffRole};
use sandbox::Sandbox;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;
use service::Context;
use service::campaign::CampaignDraft;
use service::ids::CampaignId;
use service::staff::{StaffCaller, StoreScope};
use worker::broker::{AmqpBroker, AmqpSettings};
use worker::topology::RetryLadder;

use crate::database::{TestDatabase, TestFolder, Way};
use crate::level;
use crate::private::Process;

const READY_WITHIN: Duration = Duration::from_secs(90);

pub struct Cluster {
    /// The test's own eye on the database; it moves nothing.
    pub ctx: Context,
    pub audience: Audience,
    way: Way,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    api_port: u16,
    api: Option<Process>,
    workers: Vec<Option<Process>>,
    sandbox: Sandbox,
    client: reqwest::Client,
    token: String,
    /// Of RabbitMQ, and the prefix of what is to be removed there.
    queues: Option<(String, String)>,
    folder: TestFolder,
    _database: Option<TestDatabase>,
}

impl Cluster {
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// A queue's name in RabbitMQ.
    pub fn queue(&self, name: &str) -> String {
        let prefix = self.queues.as_ref().map_or("", |(_, prefix)| prefix);
        format!("{prefix}{name}")
    }

    /// Of each thread of a worker's process its name and how far it yields to others, 0 to 19; empty elsewhere than on Linux.
    pub fn niceness(&self, which: usize) -> Vec<(String, i32)> {
        let process = self.workers[which].as_ref().expect("this worker runs").id();
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        threads.filter_map(|thread| niceness_of(&thread.path())).collect()
    }

    /// `kill -9`, in the middle of whatever it does.
    pub fn kill_worker(&mut self, which: usize) {
        self.workers[which].take().expect("this worker runs").kill();
    }

    /// `kill -9` of what answers HTTP; in the embedded way the worker is in it.
    pub fn kill_api(&mut self) {
        match self.way {
            Way::Embedded => self.kill_worker(0),
            Way::Distributed => self.api.take().expect("the API runs").kill(),
        }
    }

    /// For requests of the test's own.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.api_port)
    }

    pub fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// Returns at once; the process becomes ready by itself.
    pub fn start_worker(&mut self, which: usize) {
        assert!(self.workers[which].is_none(), "worker {which} runs");
        let process = match self.way {
            Way::Embedded => self.spawn(&["serve"], "serve"),
            Way::Distributed => {
                let listen = format!("127.0.0.1:{}", crate::private::free_port());
                self.spawn(&["worker", "--listen", &listen], &format!("worker-{which}"))
            }
        };
        self.workers[which] = Some(process);
    }

    /// Starts what answers HTTP and waits for it; in the embedded way the worker is in it.
    pub async fn start_api(&mut self) {
        match self.way {
            Way::Embedded if self.workers[0].is_none() => self.start_worker(0),
            Way::Embedded => {}
            Way::Distributed => self.api = Some(self.spawn(&["api"], "api")),
        }
        self.wait_until_ready().await;
    }

    pub async fn wait_until_ready(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.api_port);
        let ready =
            async || self.client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success());
        if !level::reached_or(READY_WITHIN, ready).await {
            panic!("the API is not ready within {} s; {}", READY_WITHIN.as_secs(), self.logs());
        }
    }

    /// The callbacks go nowhere until this.
    pub async fn point_callbacks(&self) {
        let url = format!("http://127.0.0.1:{}/v1/callbacks/wechat", self.api_port);
        let target = serde_json::json!({ "target": { "url": url, "token": plan::CALLBACK_TOKEN } });
        self.sandbox_api(reqwest::Method::PUT, "/callback", target).await;
    }

    /// What the API says, to somebody who may see everything.
    pub async fn get(&self, path: &str) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.api_port);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.expect("the API answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let url = format!("http://127.0.0.1:{}{path}", self.api_port);
        let asked = self.client.post(url).bearer_auth(&self.token).json(&body);
        let answer = asked.send().await.expect("the API answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Makes a campaign and schedules it for now.
    pub async fn schedule(&self, draft: CampaignDraft) -> CampaignId {
        let owner = self.owner();
        let made = service::campaign::create(&self.ctx, &owner, draft).await.expect("the campaign is made");
        self.post(&format!("/v1/console/campaigns/{}/schedule", made.id), serde_json::json!({})).await;
        made.id
    }

    pub fn owner(&self) -> StaffCaller {
        StaffCaller {
            id: self.ctx.new_id(),
            session_id: self.ctx.new_id(),
            role: StaffRole::Owner,
            stores: StoreScope::All,
        }
    }

    /// None while the database is away.
    pub async fn state_of(&self, id: CampaignId) -> Option<CampaignState> {
        let row = campaign::Entity::find_by_id(id).one(self.ctx.db.read()).await.ok()??;
        Some(row.state)
    }

    pub async fn wait_until_completed(&self, id: CampaignId, bound: Duration) {
        let completed = async || self.state_of(id).await == Some(CampaignState::Completed);
        let waited = level::reached_or(bound, completed).await;
        if !waited {
            panic!(
                "not completed within {} s: {:?}; {}",
                bound.as_secs(),
                self.counts(id).await,
                self.logs()
            );
        }
    }

    /// How many deliveries of a campaign are in a state; 0 while the database is away.
    pub async fn count(&self, id: CampaignId, state: DeliveryState) -> u64 {
        let found = entity::delivery::Entity::find()
            .filter(entity::delivery::Column::CampaignId.eq(id))
            .filter(entity::delivery::Column::State.eq(state));
        found.count(self.ctx.db.read()).await.unwrap_or_default()
    }

    fn spawn(&self, arguments: &[&str], log: &str) -> Process {
        let open = || {
            let path = self.folder.path().join(format!("{log}.log"));
            let file = std::fs::File::options().create(true).append(true).open(path);
            Stdio::from(file.expect("a log file"))
        };
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.environment.iter().cloned())
            .stdout(open())
            .stderr(open());
        Process::start(&mut command)
    }

    /// The last warnings of each process, for the message of a test that fails.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != "log") {
                continue;
            }
            let log = std::fs::read_to_string(&path).unwrap_or_default();
            let told: Vec<_> = log.lines().rev().filter(|line| !line.contains("INFO")).take(12).collect();
            text += &format!(
                "\n== {}\n{}",
                path.display(),
                told.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
        text
    }
}

/// Removes what processes declared at a RabbitMQ that others use too: queues that nobody removes make it slow. For `drop`, which
/// can't wait by itself.
pub fn remove_queues(settings: AmqpSettings) {
    let removed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            if let Ok(broker) = AmqpBroker::connect(settings).await {
                let _ = broker.remove_topology().await;
            }
        });
    });
    let _ = removed.join();
}

impl Drop for Cluster {
    /// The processes first, then what they used.
    fn drop(&mut self) {
        self.workers.clear();
        self.api = None;
        let Some((url, prefix)) = self.queues.take() else { return };
        let ladder = RetryLadder::new(RETRY_SECONDS.map(Duration::from_secs));
        remove_queues(AmqpSettings { prefix, ladder, ..AmqpSettings::new(url) });
    }
}

/// proc(5): the name stands in brackets, the priority is the seventeenth after it.
fn niceness_of(thread: &std::path::Path) -> Option<(String, i32)> {
    let stat = std::fs::read_to_string(thread.join("stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    Some((name.to_owned(), rest.split(' ').nth(16)?.parse().ok()?))
}
