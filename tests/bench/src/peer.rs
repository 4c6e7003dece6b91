//! BullMQ, as its own documents tune it: a producer that adds jobs in bulk, two worker processes with 64 jobs in flight each, the
//! same gates in one Redis script, a limiter that does not bind, every outcome kept with its job.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::load::{AT_CAP, OPTED_OUT, TEMPLATE};
use crate::place::Place;
use crate::process::{Meter, Process};
use crate::project::{Servers, check_arrivals};
use crate::servers::Redis;

const WORKERS: usize = 2;
const IN_FLIGHT: usize = 64;

pub struct PeerSent {
    pub seconds: f64,
    pub cpu: BTreeMap<String, f64>,
}

pub fn is_installed(place: &Place) -> bool {
    place.peer.join("node_modules/bullmq/package.json").exists()
}

pub fn send_to_all(place: &Place, servers: &Servers, members: u64) -> Result<PeerSent> {
    let redis = Redis::start(place)?;
    servers.mock.reset(false)?;
    let mut producer = node(place, &["produce.js", &redis.port.to_string(), &members.to_string()])?;
    ensure!(producer.read_line()? == "ready", "the producer is not ready");
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let ports = [redis.port, servers.mock.port].map(|port| port.to_string());
        workers.push(node(place, &["work.js", &ports[0], &ports[1], &IN_FLIGHT.to_string()])?);
    }
    for worker in &mut workers {
        ensure!(worker.read_line()? == "ready", "a worker is not ready");
    }
    let meter = Meter::start(&[
        ("worker", workers.iter().map(Process::id).collect()),
        ("producer", vec![producer.id()]),
        ("redis", vec![redis.process.id()]),
        ("mock", vec![servers.mock.process.id()]),
    ]);
    producer.say("go")?;
    let report: Value = serde_json::from_str(&producer.read_line()?)?;
    let cpu = meter.read();
    let arrived = servers.mock.of(TEMPLATE)?;
    let due = members * (100 - OPTED_OUT - AT_CAP) / 100;
    ensure!(report["completed"].as_u64() == Some(members), "the peer's outcomes are {report}");
    ensure!(arrived.sent == due, "{} of {due} came from the peer", arrived.sent);
    check_arrivals(&arrived)?;
    Ok(PeerSent { seconds: report["seconds"].as_f64().context("the peer's seconds")?, cpu })
}

fn node(place: &Place, arguments: &[&str]) -> Result<Process> {
    let mut command = Command::new("node");
    command.current_dir(&place.peer).args(arguments).env("NODE_ENV", "production");
    Process::start(&mut command, &place.log("peer"))
}
