//! The runtime of a command, and who goes first where several want the processor.

use service::settings::Settings;
use tokio::runtime::{Builder, Runtime};

use crate::Command;

/// Of 19: others get ten times as much of a processor that both want.
#[cfg(target_os = "linux")]
const YIELDING: i32 = 10;

/// What works through queues yields to what somebody waits for: requests and the urgent lane, which have threads of their own, and the
/// servers beside. Embedded it does not: a request would wait for the one writer, whoever has it.
pub fn of(command: &Command) -> std::io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    let works = matches!(command, Command::Serve | Command::Worker { .. });
    if works && Settings::load().is_ok_and(|settings| !settings.is_embedded()) {
        runtime.on_thread_start(yield_to_others);
    }
    runtime.enable_all().build()
}

/// Of this thread alone, and the same however low the one stood that started it.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    if let Err(error) = rustix::process::setpriority_process(None, YIELDING) {
        tracing::warn!(%error, "a worker's thread could not be given a lower priority");
    }
}

/// Elsewhere a priority is that of the process, with what is urgent in it.
#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}
