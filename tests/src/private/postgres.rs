//! A PostgreSQL with one migrated database.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use super::process::{Process, free_port, send_signal};
use super::{is_root, log, program, run};
use crate::database::TestFolder;
use crate::level;

const STARTS_WITHIN: Duration = Duration::from_secs(60);
const INSTALLATIONS: &str = "/usr/lib/postgresql";

/// How PostgreSQL is told to go.
#[derive(Debug, Clone, Copy)]
pub enum Shutdown {
    /// Sessions are ended, transactions rolled back, everything is written.
    Fast,
    /// Everything is dropped; the next start recovers from the log.
    Immediate,
}

impl Shutdown {
    fn signal(self) -> &'static str {
        match self {
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }
}

pub struct PrivatePostgres {
    programs: Programs,
    port: u16,
    process: Option<Process>,
    folder: TestFolder,
}

struct Programs {
    postgres: PathBuf,
    initdb: PathBuf,
}

impl PrivatePostgres {
    /// None when there is no such program here; that is told loudly.
    pub async fn start() -> Option<Self> {
        let folders = installations();
        let programs =
            Programs { postgres: program("postgres", &folders)?, initdb: program("initdb", &folders)? };
        let folder = TestFolder::create();
        let mut postgres = Self { programs, port: free_port(), process: None, folder };
        postgres.init();
        postgres.start_again().await;
        let database = Database::connect(postgres.url()).await.expect("PostgreSQL answers");
        Migrator::up(&database, None).await.expect("the migrations run");
        database.close().await.expect("the connection closes");
        Some(postgres)
    }

    pub fn url(&self) -> String {
        format!("postgres://huike@127.0.0.1:{}/postgres", self.port)
    }

    pub async fn start_again(&mut self) {
        let log_here = || log(self.folder.path());
        let mut command = as_owner(&self.programs.postgres);
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            // What a stopped process loses does not depend on fsync; what a stopped machine loses is not tested here.
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off"])
            .current_dir("/")
            .stdout(log_here())
            .stderr(log_here());
        self.process = Some(Process::start(&mut command));
        level::reached("PostgreSQL answers", STARTS_WITHIN, || async { self.connect().await.is_ok() }).await;
    }

    pub async fn stop(&mut self, how: Shutdown) {
        self.process.take().expect("it runs").end(how.signal()).await;
    }

    async fn connect(&self) -> Result<(), DbErr> {
        let mut options = ConnectOptions::new(self.url());
        options.max_connections(1).connect_timeout(Duration::from_secs(2)).sqlx_logging(false);
        let connection: DatabaseConnection = Database::connect(options).await?;
        connection.close().await
    }

    /// The server does not run as root, so the folder belongs to the account that it runs as.
    fn init(&self) {
        let data = self.data();
        std::fs::create_dir(&data).expect("the folder is writable");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&data));
        }
        let options = ["-U", "huike", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        run(as_owner(&self.programs.initdb).arg("-D").arg(&data).args(options).current_dir("/"));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for PrivatePostgres {
    /// Its sessions are processes of their own, which only go in order when the server tells them.
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        send_signal(Shutdown::Immediate.signal(), &process.id().to_string());
        for _ in 0..200 {
            if !process.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn as_owner(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Debian's folders, the newest version first.
fn installations() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(INSTALLATIONS) else { return Vec::new() };
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.sort_by_key(|path| std::cmp::Reverse(version(path)));
    found.into_iter().map(|path| path.join("bin")).collect()
}
