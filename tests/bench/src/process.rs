//! Child processes that end with their value, and what processes cost, as /proc tells it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Clock ticks per second, which Linux fixes for /proc.
const TICKS: f64 = 100.0;

/// A process of ours; killed when dropped.
pub struct Process {
    child: Child,
    output: Option<BufReader<std::process::ChildStdout>>,
}

impl Process {
    /// What it says on standard error goes to `log`; standard output is ours to read.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?} can't be started"))?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Self { child, output })
    }

    /// As before, with standard output in the log as well, for a process that nobody reads from.
    pub fn start_quiet(command: &mut Command, log: &Path) -> Result<Self> {
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?} can't be started"))?;
        Ok(Self { child, output: None })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn read_line(&mut self) -> Result<String> {
        let mut line = String::new();
        let output = self.output.as_mut().context("the output is not ours")?;
        ensure!(output.read_line(&mut line)? > 0, "the process ended without a word");
        Ok(line.trim_end().to_owned())
    }

    pub fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.child.stdin.as_mut().context("the input is not ours")?, "{line}")?;
        Ok(())
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and killed when that does not end it in time.
    pub fn stop(mut self) {
        let _ = Command::new("kill").arg(self.id().to_string()).status();
        let began = Instant::now();
        while self.is_running() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs to the end and answers what was printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} can't be started"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Processor seconds of a living process, all its threads.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS
}

/// Megabytes: resident now, and the most that it ever was.
pub fn resident_mb(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mb = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
    };
    (mb("VmRSS:").unwrap_or(0.0), mb("VmHWM:").unwrap_or(0.0))
}

/// Processes by the name of their program.
pub fn pids_of(name: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name)
        })
        .collect()
}

/// Processor time of named groups of processes from one moment to another.
pub struct Meter {
    groups: BTreeMap<String, Vec<(u32, f64)>>,
}

impl Meter {
    pub fn start(groups: &[(&str, Vec<u32>)]) -> Self {
        let read = |pids: &[u32]| pids.iter().map(|pid| (*pid, cpu_seconds(*pid))).collect();
        Self { groups: groups.iter().map(|(name, pids)| ((*name).to_owned(), read(pids))).collect() }
    }

    pub fn pids(&self, group: &str) -> Vec<u32> {
        self.groups.get(group).map_or_else(Vec::new, |pids| pids.iter().map(|(pid, _)| *pid).collect())
    }

    /// Seconds that each group has used since.
    pub fn read(&self) -> BTreeMap<String, f64> {
        self.groups
            .iter()
            .map(|(name, pids)| {
                let used = pids.iter().map(|(pid, before)| (cpu_seconds(*pid) - before).max(0.0)).sum();
                (name.clone(), used)
            })
            .collect()
    }
}
