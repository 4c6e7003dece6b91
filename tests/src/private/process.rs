//! A child process with everything that it starts, ended together.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long an orderly end may take before it is enforced.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub struct Process {
    child: Child,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        Self { child: child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}")) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Sends a signal to this process alone and waits until it has ended; by force when it does not.
    pub async fn end(mut self, signal: &str) {
        send_signal(signal, &self.id().to_string());
        self.ended().await;
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) {
        let began = Instant::now();
        while self.is_running() {
            if began.elapsed() > PATIENCE {
                self.kill();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// `kill -9`, with all that it has started.
    pub fn kill(&mut self) {
        send_signal("KILL", &format!("-{}", self.id()));
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

/// A process that is gone already is none of our trouble.
pub(super) fn send_signal(signal: &str, to: &str) {
    let mut command = Command::new("kill");
    let _ = command.args(["-s", signal, "--", to]).stderr(Stdio::null()).status();
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0");
    listener.and_then(|listener| listener.local_addr()).expect("a free port").port()
}
