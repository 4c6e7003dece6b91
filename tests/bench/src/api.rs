//! The HTTP benchmarks' two sides: the API of the project, and its peer in Node.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::client::{free_port, get};
use crate::load;
use crate::place::Place;
use crate::process::Process;
use crate::servers::{Database, wait_at_most};
use crate::tokens;

const READY: std::time::Duration = std::time::Duration::from_secs(60);

/// An API at a database; the project's in the distributed way, with RabbitMQ and Redis beside it.
pub struct Api {
    pub process: Process,
    pub port: u16,
}

impl Api {
    pub fn start(place: &Place, database: &Database, settings: &[(&str, String)]) -> Result<Self> {
        let mut command = place.huike();
        command
            .env("HUIKE_DATABASE_URL", &database.url)
            .env("HUIKE_AMQP_URL", &place.amqp)
            .env("HUIKE_REDIS_URL", "redis://127.0.0.1:6379")
            .env("HUIKE_SECRET_KEYS", load::KEYS)
            .env("HUIKE_LOG_FILTER", "warn")
            .envs(settings.iter().map(|(name, value)| (name, value)));
        Self::run(place, command)
    }

    /// By a command that holds all settings but what to run and where.
    pub fn run(place: &Place, mut command: Command) -> Result<Self> {
        let port = free_port()?;
        command.arg("api").env("HUIKE_LISTEN", format!("127.0.0.1:{port}"));
        start(place, command, port, "api")
    }

    /// The peer: one Node process with a pool of connections.
    pub fn start_peer(place: &Place, database: &Database, platform: Option<u16>) -> Result<Self> {
        ensure!(Self::has_peer(place), "Fastify is not installed (npm ci in tests/bench/peer)");
        let port = free_port()?;
        let mut command = Command::new("node");
        let secret = tokens::secret()?;
        command.current_dir(&place.peer).arg("api.js").arg(port.to_string());
        command.env("NODE_ENV", "production").env("DATABASE_URL", &database.url).env("SECRET", secret);
        command.env("PLATFORM_PORT", platform.unwrap_or_default().to_string());
        start(place, command, port, "peer-api")
    }

    pub fn has_peer(place: &Place) -> bool {
        place.peer.join("node_modules/fastify/package.json").exists()
    }
}

fn start(place: &Place, mut command: Command, port: u16, log: &str) -> Result<Api> {
    let mut process = Process::start_quiet(&mut command, &place.log(log))?;
    wait_at_most("an API's readiness", READY, || get(port, "/healthz").is_ok() || !process.is_running())?;
    ensure!(process.is_running(), "{log} ended; see {}", place.log(log).display());
    Ok(Api { process, port })
}
