//! Where the benchmarks run: the binary under test, the services that were found, and a folder for logs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::output;

pub struct Place {
    /// `target/release/huike`, or what HUIKE_BENCH_BINARY names.
    pub binary: PathBuf,
    pub results: PathBuf,
    pub peer: PathBuf,
    pub logs: PathBuf,
    /// Of the PostgreSQL server, without a database's name.
    pub postgres: String,
    pub amqp: String,
    /// Small sizes, to see that everything works.
    pub quick: bool,
    pub pairs: usize,
}

impl Place {
    pub fn take() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| root.join("target"), PathBuf::from);
        let binary =
            std::env::var("HUIKE_BENCH_BINARY").map_or_else(|_| target.join("release/huike"), PathBuf::from);
        ensure!(binary.exists(), "{} is not there: build it in release mode", binary.display());
        let results = root.join("target/bench");
        let logs = results.join("logs");
        std::fs::create_dir_all(&logs)?;
        let database = setting("HUIKE_TEST_DATABASE_URL")?;
        let postgres = database.rsplit_once('/').context("the database's URL has a path")?.0.to_owned();
        let quick = std::env::var("HUIKE_BENCH_QUICK").is_ok_and(|value| value == "1");
        let pairs = std::env::var("HUIKE_BENCH_PAIRS").ok().and_then(|pairs| pairs.parse().ok());
        Ok(Self {
            binary,
            results,
            peer: root.join("tests/bench/peer"),
            logs,
            postgres,
            amqp: setting("HUIKE_TEST_AMQP_URL")?,
            quick,
            pairs: pairs.unwrap_or(if quick { 1 } else { 3 }),
        })
    }

    /// The full size, or the small one.
    pub fn size(&self, full: u64, quick: u64) -> u64 {
        if self.quick { quick } else { full }
    }

    /// The binary under test, without what the environment tells this process: the settings refuse names that they don't know.
    pub fn huike(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HUIKE_")) {
            command.env_remove(name);
        }
        command
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// One line for the results: how many cores of what, and how busy it was.
    pub fn machine(&self) -> String {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find(|line| line.starts_with("model name")).unwrap_or("unknown processor");
        let model = model.split_once(':').map_or(model, |(_, name)| name.trim());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("?").to_owned();
        let postgres = output(Command::new("psql").arg("--version")).unwrap_or_default();
        format!("{cores} cores, {model}, {postgres}, load {load}")
    }
}

fn setting(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set: run scripts/bench"))
}
