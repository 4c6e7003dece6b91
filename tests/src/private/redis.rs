//! A Redis that keeps nothing: one that was stopped comes back empty.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::{Process, free_port};
use super::{log, program};
use crate::database::TestFolder;
use crate::level;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

pub struct PrivateRedis {
    program: PathBuf,
    port: u16,
    process: Option<Process>,
    folder: TestFolder,
}

impl PrivateRedis {
    /// None when there is no such program here; that is told loudly.
    pub async fn start() -> Option<Self> {
        let program = program("redis-server", &[])?;
        let mut redis = Self { program, port: free_port(), process: None, folder: TestFolder::create() };
        redis.start_again().await;
        Some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub async fn start_again(&mut self) {
        let mut command = Command::new(&self.program);
        command
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .current_dir(self.folder.path())
            .stdout(log(self.folder.path()))
            .stderr(log(self.folder.path()));
        self.process = Some(Process::start(&mut command));
        level::reached("Redis answers", STARTS_WITHIN, || async {
            self.ask("PING").await.is_some_and(|answer| answer.starts_with("+PONG"))
        })
        .await;
    }

    pub async fn stop(&mut self) {
        self.process.take().expect("it runs").end("TERM").await;
    }

    pub async fn flush(&self) {
        let answer = self.ask("FLUSHALL").await;
        assert!(answer.as_ref().is_some_and(|answer| answer.starts_with("+OK")), "FLUSHALL: {answer:?}");
    }

    async fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer[..length]).into_owned())
    }
}
