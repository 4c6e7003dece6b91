//! The runtime of a command, and who goes first where several want the processor.

use service::settings::Settings;
use tokio::runtime::{Builder, Runtime};

use crate::Command;

/// What works through queues yields to what somebody waits for: requests and the urgent lane, which have threads of their own, and the
/// servers beside. Embedded it does not: a request would wait for the one writer, whoever has it.
pub fn of(command: &Command) -> std::io::Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    let works = matches!(command, Command::Serve | Command::Worker { .. });
    if works && Settings::load().is_ok_and(|settings| !settings.is_embedded()) {
        yielding(&mut runtime)?;
    }
    runtime.enable_all().build()
}

/// Below the priority that the process was started with, and the same for a thread that was started by another of them.
#[cfg(target_os = "linux")]
fn yielding(runtime: &mut Builder) -> std::io::Result<()> {
    /// Others get three times as much of a processor that both want. With ten times a campaign hardly begins on a busy machine.
    const BELOW: i32 = 5;
    const LOWEST: i32 = 19;
    let niceness = (rustix::process::getpriority_process(None)? + BELOW).min(LOWEST);
    runtime.on_thread_start(move || {
        if let Err(error) = rustix::process::setpriority_process(None, niceness) {
            tracing::warn!(%error, "a worker's thread could not be given a lower priority");
        }
    });
    Ok(())
}

/// Elsewhere a priority is that of the process, with what is urgent in it.
#[cfg(not(target_os = "linux"))]
fn yielding(_: &mut Builder) -> std::io::Result<()> {
    Ok(())
}
