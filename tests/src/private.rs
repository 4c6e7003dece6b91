//! Servers of one test's own, for tests that restart, stop or empty them: on free ports, in a temporary folder, gone with
//! the value that holds them, also when the test fails.

mod postgres;
mod process;
mod rabbitmq;
mod redis;

pub use postgres::{PrivatePostgres, Shutdown};
pub use process::{Process, free_port};
pub use rabbitmq::PrivateRabbitMq;
pub use redis::PrivateRedis;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::chosen;
use crate::services::say_not_found;

/// The program in `folders`, else on the PATH; what was left out for want of it is told loudly.
fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = chosen("PATH", "/usr/bin:/bin");
    let on_path = path.split(':').map(PathBuf::from);
    let found =
        folders.iter().cloned().chain(on_path).map(|folder| folder.join(name)).find(|it| it.is_file());
    if found.is_none() {
        say_not_found(name);
    }
    found
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs a command that must succeed, with its output in the message when it does not.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&text));
}

fn log(folder: &Path) -> std::process::Stdio {
    let file = std::fs::File::options().create(true).append(true).open(folder.join("log"));
    file.expect("the folder is writable").into()
}
