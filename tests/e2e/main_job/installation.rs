//! One installation of the binary with a database of its own: embedded in one process, or an API and a worker.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tests::cluster::remove_queues;
use tests::database::{TestDatabase, Way, chosen};
use worker::broker::AmqpSettings;

use super::RATE;
use super::phones::Person;

pub const CALLBACK_TOKEN: &str = "main-job-callback-token";
/// Every 80th member has already had as many messages as allowed.
pub const CAPPED_TAG: &str = "已触达";

pub struct Installation {
    way: Way,
    binary: PathBuf,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    api_port: u16,
    api: Option<Child>,
    worker: Option<Child>,
    _database: TestDatabase,
}

impl Installation {
    pub async fn create(binary: PathBuf, platforms: &str) -> Self {
        let way = Way::chosen();
        let database = TestDatabase::create(way).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let api_port = free_port();
        let mut environment: Vec<(String, String)> = [
            ("HUIKE_LISTEN", format!("127.0.0.1:{api_port}").as_str()),
            ("HUIKE_DATABASE_URL", database.url()),
            ("HUIKE_SECRET_KEYS", "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("HUIKE_WECHAT_BASE_URL", platforms),
            ("HUIKE_WECHAT_APPID", "wx5a6db0c0ffee2025"),
            ("HUIKE_WECHAT_SECRET", "5a6db0c5ec2e70000000000000000001"),
            ("HUIKE_WECHAT_CALLBACK_TOKEN", CALLBACK_TOKEN),
            ("HUIKE_RATES_WECHAT_PER_SECOND", RATE.to_string().as_str()),
            ("HUIKE_SIGN_IN_ATTEMPTS_PER_ADDRESS_PER_MINUTE", "100000"),
            ("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", "5"),
            ("HUIKE_SERVER_SHUTDOWN_SECONDS", "5"),
            ("HUIKE_LOG_FORMAT", "json"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if way == Way::Distributed {
            let redis = chosen("HUIKE_TEST_REDIS_URL", "redis://127.0.0.1:6379");
            let amqp = chosen("HUIKE_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672");
            let own = tests::services::fresh_name();
            environment.push(("HUIKE_REDIS_URL".into(), redis));
            environment.push(("HUIKE_REDIS_NAMESPACE".into(), own.clone()));
            environment.push(("HUIKE_AMQP_URL".into(), amqp));
            environment.push(("HUIKE_BROKER_PREFIX".into(), format!("{own}.")));
        }
        Self { way, binary, folder, environment, api_port, api: None, worker: None, _database: database }
    }

    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    /// Shifted so that the file's last date is today, as a shop would see its own history.
    pub fn import_purchases(&self, file: &Path) -> String {
        let today = shanghai_today().to_string();
        self.import(&[
            "purchases",
            file.to_str().expect("a readable path"),
            "--map",
            "member=1,date=2,quantity=3,amount=4",
            "--date-format",
            "%Y%m%d",
            "--shift-to",
            &today,
            "--store",
            "CDNOW",
            "--create-store",
            "--create-members",
        ])
    }

    /// The phones' owners by the numbers that they have in the purchase file.
    pub fn import_members(&self, people: &[Person]) -> String {
        let path = self.folder.path().join("members.csv");
        let mut file = File::create(&path).expect("the folder is writable");
        writeln!(file, "number,name,phone,openid,tags").expect("the file is writable");
        for (index, person) in people.iter().enumerate() {
            let tag = if index % 80 == 7 { CAPPED_TAG } else { "" };
            writeln!(file, "{:05},{},{},{},{tag}", index + 1, person.id, person.phone, person.openid)
                .expect("the file is writable");
        }
        let map = "external=number,name=name,phone=phone,openid=openid,tags=tags";
        self.import(&["members", path.to_str().expect("a readable path"), "--map", map])
    }

    fn import(&self, arguments: &[&str]) -> String {
        let output = self.command("import").args(arguments).output().expect("the binary runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the import failed:\n{text}");
        text
    }

    /// Starts what answers HTTP and returns the owner's one-time password, which it prints once.
    pub async fn start_api(&mut self) -> String {
        match self.way {
            // Embedded, the sender lives in the same process.
            Way::Embedded => self.worker = Some(self.spawn(&["serve"], "serve")),
            Way::Distributed => self.api = Some(self.spawn(&["api"], "api")),
        }
        self.wait_until_ready().await;
        let name = if self.way == Way::Embedded { "serve" } else { "api" };
        let printed =
            std::fs::read_to_string(self.folder.path().join(format!("{name}.out"))).expect("its output");
        let password = printed.lines().find_map(|line| line.split_once("one-time password "));
        password.unwrap_or_else(|| panic!("no first password is printed:\n{printed}")).1.trim().to_owned()
    }

    pub async fn start_worker(&mut self) {
        if self.worker.is_some() {
            return;
        }
        self.worker = Some(match self.way {
            Way::Embedded => self.spawn(&["serve"], "serve"),
            Way::Distributed => {
                let listen = format!("127.0.0.1:{}", free_port());
                self.spawn(&["worker", "--listen", &listen], "worker")
            }
        });
        self.wait_until_ready().await;
    }

    /// `kill -9`
    pub fn kill_worker(&mut self) {
        let mut worker = self.worker.take().expect("a worker runs");
        worker.kill().expect("it can be killed");
        worker.wait().expect("it ends");
    }

    /// Ends in order, and no log holds a phone number or an openid.
    pub async fn stop_and_check_logs(mut self, people: &[Person]) {
        for child in [self.worker.take(), self.api.take()].into_iter().flatten() {
            let pid = child.id().to_string();
            let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
            assert!(asked.success());
            let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("waits");
            assert!(output.expect("it ends").status.success(), "it did not stop in order");
        }
        for entry in std::fs::read_dir(self.folder.path()).expect("the folder").flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "err" || ending == "out") {
                let log = std::fs::read_to_string(entry.path()).expect("a log");
                for person in people.iter().step_by(50) {
                    assert!(!log.contains(&person.phone), "a phone number is in {:?}", entry.path());
                    assert!(!log.contains(&person.openid), "an openid is in {:?}", entry.path());
                }
            }
        }
    }

    async fn wait_until_ready(&self) {
        let url = format!("{}/readyz", self.api_url());
        tests::level::reached("the API is ready", Duration::from_secs(60), || async {
            reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(name).current_dir(self.folder.path()).envs(self.environment.iter().cloned());
        command
    }

    fn spawn(&self, arguments: &[&str], log: &str) -> Child {
        let open = |ending: &str| {
            let path = self.folder.path().join(format!("{log}.{ending}"));
            Stdio::from(File::options().create(true).append(true).open(path).expect("a log file"))
        };
        let mut command = self.command(arguments[0]);
        command
            .args(&arguments[1..])
            .stdout(open("out"))
            .stderr(open("err"))
            .spawn()
            .expect("the binary starts")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for child in [self.worker.as_mut(), self.api.as_mut()].into_iter().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let told = |name: &str| {
            self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let (Some(url), Some(prefix)) = (told("HUIKE_AMQP_URL"), told("HUIKE_BROKER_PREFIX")) else { return };
        remove_queues(AmqpSettings { prefix, ..AmqpSettings::new(url) });
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

#[allow(clippy::disallowed_methods, reason = "the binary under test runs on the real clock")]
fn shanghai_today() -> chrono::NaiveDate {
    chrono::Utc::now().with_timezone(&chrono_tz::Asia::Shanghai).date_naive()
}
