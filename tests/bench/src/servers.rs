//! What a run needs besides the project: a database of its own, a virtual host of its own, a Redis of its own, the mock.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::client::{free_port, get};
use crate::place::Place;
use crate::process::{Process, output};

/// A database that goes away with this value.
pub struct Database {
    admin: String,
    pub name: String,
    pub url: String,
}

impl Database {
    /// Empty, or a copy of another that nobody is connected to.
    pub fn create(place: &Place, name: &str, template: Option<&Database>) -> Result<Self> {
        let name = format!("huike_bench_{}_{name}", std::process::id());
        let admin = format!("{}/postgres", place.postgres);
        let from = template.map_or("template0", |template| template.name.as_str());
        let create = format!("CREATE DATABASE {name} TEMPLATE {from} STRATEGY FILE_COPY");
        psql(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        psql(&admin, &create)?;
        // What the copy left in memory is written now and not while something is measured.
        psql(&admin, "CHECKPOINT")?;
        // Nobody listens in on a machine's own loop, and encrypting it costs both sides.
        let url = format!("{}/{name}?sslmode=disable", place.postgres);
        Ok(Self { admin, name, url })
    }

    pub fn run(&self, sql: &str) -> Result<String> {
        psql(&self.url, sql)
    }

    pub fn number(&self, sql: &str) -> Result<f64> {
        let text = self.run(sql)?;
        text.trim().parse().with_context(|| format!("{sql} answered {text}"))
    }

    /// The server's processes that work for this database's clients, but the one that asks.
    pub fn backends(&self) -> Result<Vec<u32>> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                   AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        Ok(self.run(sql)?.lines().filter_map(|pid| pid.trim().parse().ok()).collect())
    }

    /// Those that work for all.
    pub fn background(&self) -> Result<Vec<u32>> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type IN \
                   ('checkpointer', 'walwriter', 'background writer')";
        Ok(self.run(sql)?.lines().filter_map(|pid| pid.trim().parse().ok()).collect())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = psql(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn psql(url: &str, sql: &str) -> Result<String> {
    output(Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", url, "-c", sql]))
}

/// A virtual host of RabbitMQ where this process may make ones, else the one that was named.
pub struct Broker {
    pub url: String,
    made: Option<String>,
}

impl Broker {
    pub fn create(place: &Place) -> Self {
        let name = format!("huike_bench_{}", std::process::id());
        let user = place.amqp.split("//").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or("guest");
        let made = output(Command::new("rabbitmqctl").args(["-q", "add_vhost", &name])).is_ok()
            && output(Command::new("rabbitmqctl").args([
                "-q",
                "set_permissions",
                "-p",
                &name,
                user,
                ".*",
                ".*",
                ".*",
            ]))
            .is_ok();
        let url = if made {
            format!("{}/{name}", place.amqp.trim_end_matches("/%2f").trim_end_matches('/'))
        } else {
            eprintln!("rabbitmqctl can't be used: queues named bench-* stay behind");
            place.amqp.clone()
        };
        Self { url, made: made.then_some(name) }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(name) = &self.made {
            let _ = output(Command::new("rabbitmqctl").args(["-q", "delete_vhost", name]));
        }
    }
}

/// A Redis that writes every command down, as a peer needs that keeps its jobs there.
pub struct Redis {
    pub port: u16,
    pub process: Process,
    folder: std::path::PathBuf,
}

impl Redis {
    pub fn start(place: &Place) -> Result<Self> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("huike-bench-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--dir"]).arg(&folder);
        command.args(["--maxmemory-policy", "noeviction"]);
        let process = Process::start_quiet(&mut command, &place.log("redis"))?;
        wait_for("Redis", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { port, process, folder })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The stand-in for WeChat.
pub struct Mock {
    pub port: u16,
    pub process: Process,
}

impl Mock {
    pub fn start(place: &Place) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["mock", &port.to_string()]);
        let process = Process::start_quiet(&mut command, &place.log("mock"))?;
        wait_for("the mock", || get(port, "/bench/stats").is_ok())?;
        Ok(Self { port, process })
    }

    /// Forgets what came, and is fast or slow from now on.
    pub fn reset(&self, slow: bool) -> Result<()> {
        get(self.port, if slow { "/bench/reset/slow" } else { "/bench/reset" })?;
        Ok(())
    }

    pub fn stats(&self) -> Result<Value> {
        Ok(serde_json::from_str(&get(self.port, "/bench/stats")?)?)
    }

    pub fn of(&self, template: &str) -> Result<Arrived> {
        let stats = self.stats()?;
        let tally = &stats["templates"][template];
        let numbers = |value: &Value| {
            value.as_array().map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_u64).collect())
        };
        let pairs = tally["arrivals"].as_array().cloned().unwrap_or_default();
        Ok(Arrived {
            began: stats["began"].as_f64().unwrap_or(0.0),
            sent: tally["sent"].as_u64().unwrap_or(0),
            duplicates: tally["duplicates"].as_u64().unwrap_or(0),
            lots: numbers(&tally["lots"]),
            per_ms: numbers(&tally["per_ms"]),
            arrivals: pairs.iter().filter_map(|pair| Some((pair[0].as_u64()?, pair[1].as_f64()?))).collect(),
        })
    }
}

/// What the mock has seen of one template.
pub struct Arrived {
    /// Seconds since the epoch at which its milliseconds begin.
    pub began: f64,
    pub sent: u64,
    pub duplicates: u64,
    pub lots: Vec<u64>,
    pub per_ms: Vec<u64>,
    pub arrivals: Vec<(u64, f64)>,
}

pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    wait_at_most(what, Duration::from_secs(30), &mut is_so)
}

pub fn wait_at_most(what: &str, most: Duration, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > most {
            bail!("{what} did not come about within {} s", most.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
