//! A whole campaign against a fast and against a slow platform, beside a peer and beside the bare HTTP client.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::load;
use crate::peer;
use crate::place::Place;
use crate::process::{Meter, Process};
use crate::project::{Project, Servers};
use crate::result::{Outcome, median, per_operation, ratios, round, write};

/// Of the bare client and of the project's workers together.
const SLOW_IN_FLIGHT: u64 = 1024;

/// 100,000 members of whom some have opted out and some are at their cap; the peer does the same with its own means.
pub fn push(place: &Place) -> Result<()> {
    let members = place.size(100_000, 10_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "push", members)?;
    let (mut ours, mut peers, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let mut project = Project::new(place, &servers, &people, &format!("push_{pair}"))?;
        project.start_workers(1)?;
        let sent = project.send_to_all(members)?;
        drop(project);
        println!("  {:.0} members/s, cpu {:?}", members as f64 / sent.seconds, sent.cpu);
        if peer::is_installed(place) {
            let peer = peer::send_to_all(place, &servers, members)?;
            println!("  peer {:.0} members/s, cpu {:?}", members as f64 / peer.seconds, peer.cpu);
            peers.push((members as f64 / peer.seconds, peer.cpu));
        }
        bares.push(bare(place, &servers, sent.sent, 64, false)?);
        ours.push(sent);
    }
    let rates: Vec<f64> = ours.iter().map(|sent| sent.members as f64 / sent.seconds).collect();
    let sends: Vec<f64> = ours.iter().map(|sent| sent.sent as f64 / sent.seconds).collect();
    let peer_rates: Vec<f64> = peers.iter().map(|(rate, _)| *rate).collect();
    let bare_rates: Vec<f64> = bares.iter().map(|(rate, _)| *rate).collect();
    let (ratio, spread) = ratios(&rates, &peer_rates);
    let (bare_ratio, bare_spread) = ratios(&sends, &bare_rates);
    let delivered = ours.first().map_or(0, |sent| sent.sent);
    let cpu = |runs: Vec<BTreeMap<String, f64>>| per_operation(&runs, delivered);
    let detail = json!({
        "members": members, "sent": delivered, "first_send_seconds": first_send(&ours),
        "most_resident_mb": ours.iter().map(|sent| sent.most_mb).fold(0.0, f64::max),
        "peer": if peers.is_empty() { "BullMQ is not installed (npm ci in tests/bench/peer)" } else { "BullMQ 6.7.0" },
        "over_peer": spread, "bare_sends_per_second": round(median(&bare_rates)),
        "of_bare": { "ratio": round(bare_ratio), "spread": bare_spread, "target": ">= 0.45 [0.33]" },
        "cpu_us_per_send": cpu(ours.iter().map(|sent| sent.cpu.clone()).collect()),
        "peer_cpu_us_per_send": cpu(peers.into_iter().map(|(_, cpu)| cpu).collect()),
        "bare_cpu_us_per_send": cpu(bares.into_iter().map(|(_, cpu)| cpu).collect()),
    });
    let (value, baseline) = (median(&rates), median(&peer_rates));
    let target = ">= 4 [3]";
    write(place, Outcome { name: "push", unit: "members/s", value, baseline, ratio, target, detail })
}

/// The platform takes 20 to 200 ms; what counts is how many calls are under way, and at what price in memory.
pub fn push_slow(place: &Place) -> Result<()> {
    let members = place.size(100_000, 20_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "slow", members)?;
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let mut project = Project::new(place, &servers, &people, &format!("slow_{pair}"))?;
        project.start_workers(1)?;
        servers.mock.reset(true)?;
        let sent = project.send_to_all(members)?;
        drop(project);
        println!(
            "  {:.0} sends/s, {:.0} MB, cpu {:?}",
            sent.sent as f64 / sent.seconds,
            sent.most_mb,
            sent.cpu
        );
        bares.push(bare(place, &servers, sent.sent, SLOW_IN_FLIGHT, true)?);
        ours.push(sent);
    }
    let sends: Vec<f64> = ours.iter().map(|sent| sent.sent as f64 / sent.seconds).collect();
    let bare_rates: Vec<f64> = bares.iter().map(|(rate, _)| *rate).collect();
    let (ratio, spread) = ratios(&sends, &bare_rates);
    let detail = json!({
        "members": members, "in_flight": SLOW_IN_FLIGHT, "answer_ms": "20 to 200, mean 50", "of_bare": spread,
        "most_resident_mb": ours.iter().map(|sent| sent.most_mb).fold(0.0, f64::max), "memory_target_mb": 96,
        "cpu_us_per_send": per_operation(&ours.iter().map(|sent| sent.cpu.clone()).collect::<Vec<_>>(), ours[0].sent),
    });
    let (value, baseline) = (median(&sends), median(&bare_rates));
    let target = ">= 0.8 [0.65]";
    write(place, Outcome { name: "push_slow", unit: "sends/s", value, baseline, ratio, target, detail })
}

/// Sends per second of reqwest alone, and what it costs.
fn bare(
    place: &Place,
    servers: &Servers,
    count: u64,
    in_flight: u64,
    slow: bool,
) -> Result<(f64, BTreeMap<String, f64>)> {
    servers.mock.reset(slow)?;
    let arguments = [u64::from(servers.mock.port), count, in_flight].map(|number| number.to_string());
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").args(arguments);
    let mut process = Process::start(&mut command, &place.log("bare"))?;
    let meter = Meter::start(&[("bare", vec![process.id()]), ("mock", vec![servers.mock.process.id()])]);
    let seconds: f64 = process.read_line()?.parse()?;
    let cpu = meter.read();
    println!("  bare {:.0} sends/s, cpu {cpu:?}", count as f64 / seconds);
    Ok((count as f64 / seconds, cpu))
}

fn first_send(runs: &[crate::project::Sent]) -> f64 {
    round(median(&runs.iter().map(|sent| sent.first_send_seconds).collect::<Vec<_>>()))
}
