//! A RabbitMQ node with a name server of its own, so that it neither finds nor disturbs another one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::{Process, free_port, send_signal};
use super::{log, program, run};
use crate::database::TestFolder;
use crate::level;

const STARTS_WITHIN: Duration = Duration::from_secs(240);
/// Debian's scripts on the PATH change to another account; these do not.
const SCRIPTS: &str = "/usr/lib/rabbitmq/bin";

pub struct PrivateRabbitMq {
    programs: Programs,
    port: u16,
    distribution_port: u16,
    name_server_port: u16,
    process: Option<Process>,
    folder: TestFolder,
}

struct Programs {
    server: PathBuf,
    ctl: PathBuf,
    name_server: PathBuf,
}

impl PrivateRabbitMq {
    /// None when there is no such program here; that is told loudly.
    pub async fn start() -> Option<Self> {
        let scripts = [PathBuf::from(SCRIPTS)];
        let programs = Programs {
            server: program("rabbitmq-server", &scripts)?,
            ctl: program("rabbitmqctl", &scripts)?,
            name_server: program("epmd", &[])?,
        };
        let folder = TestFolder::create();
        let port = free_port();
        std::fs::write(
            folder.path().join("rabbitmq.conf"),
            format!("listeners.tcp.local = 127.0.0.1:{port}\n"),
        )
        .expect("the folder is writable");
        std::fs::write(folder.path().join("plugins"), "[].\n").expect("the folder is writable");
        std::fs::write(folder.path().join("env.conf"), "").expect("the folder is writable");
        let (distribution_port, name_server_port) = (free_port(), free_port());
        let mut rabbitmq =
            Self { programs, port, distribution_port, name_server_port, process: None, folder };
        rabbitmq.start_again().await;
        Some(rabbitmq)
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    pub async fn start_again(&mut self) {
        let mut command = self.command(&self.programs.server);
        command.stdout(log(self.folder.path())).stderr(log(self.folder.path()));
        self.process = Some(Process::start(&mut command));
        level::reached("RabbitMQ answers", STARTS_WITHIN, || self.answers()).await;
    }

    /// In order: what the node has confirmed, it keeps.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        match self.pid() {
            Some(pid) => send_signal("TERM", &pid),
            None => process.kill(),
        }
        process.ended().await;
    }

    /// In the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.take().expect("it runs").kill();
    }

    /// What an operator does by mistake.
    pub async fn purge(&self, queue: &str) {
        let mut command = self.command(&self.programs.ctl);
        command.args(["purge_queue", queue, "--quiet"]);
        let purged = tokio::task::spawn_blocking(move || run(&mut command)).await;
        purged.expect("the queue is purged");
    }

    fn pid(&self) -> Option<String> {
        let pid = std::fs::read_to_string(self.folder.path().join("pid")).ok()?;
        Some(pid.trim().to_owned()).filter(|pid| !pid.is_empty())
    }

    fn command(&self, program: &Path) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env("HOME", folder)
            .env("RABBITMQ_NODENAME", format!("chaos-{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder.join("logs"))
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("env.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("ERL_EPMD_PORT", self.name_server_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}");
        command
    }

    /// A node that is up answers the protocol's header.
    async fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return false };
        let mut first = [0; 1];
        stream.write_all(b"AMQP\x00\x00\x09\x01").await.is_ok()
            && stream.read_exact(&mut first).await.is_ok()
            && first == [1]
    }
}

impl Drop for PrivateRabbitMq {
    fn drop(&mut self) {
        drop(self.process.take());
        let mut end = self.command(&self.programs.name_server);
        let port = self.name_server_port.to_string();
        // It refuses while it still believes in the node.
        for _ in 0..50 {
            let ended =
                end.args(["-port", &port, "-kill"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            if ended.is_ok_and(|status| status.success()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
            end = self.command(&self.programs.name_server);
        }
    }
}
