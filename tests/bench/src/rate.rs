//! Two workers share a limit of 2,000 a second for half a minute; one is killed in the midst of it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{self, AT_CAP, OPTED_OUT, TEMPLATE};
use crate::place::Place;
use crate::project::{CAMPAIGN, Project, Servers, check_arrivals};
use crate::result::{Outcome, round, write};

const LIMIT: u64 = 2000;
const SECOND: usize = 1000;

pub fn push_rate_accuracy(place: &Place) -> Result<()> {
    let seconds = place.size(30, 14);
    let members = (LIMIT * seconds * 100 / (100 - OPTED_OUT - AT_CAP)).next_multiple_of(100);
    let servers = Servers::start(place)?;
    let people = load::database(place, "rate", members)?;
    let mut project = Project::new(place, &servers, &people, "rate_0")?
        .with("HUIKE_RATES_WECHAT_PER_SECOND", LIMIT)
        // What the killed one held is settled while we watch.
        .with("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 10);
    project.start_workers(2)?;
    let meter = project.meter()?;
    project.plan(CAMPAIGN, TEMPLATE, "NULL")?;
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds / 2));
    let mut killed = project.workers.swap_remove(0);
    killed.0.kill();
    let killed_at = began.elapsed().as_secs_f64();
    project.wait_until_completed(CAMPAIGN)?;
    let sent = project.sent(CAMPAIGN, TEMPLATE, members, project.read(&meter)?)?;
    let unknown = project.count(CAMPAIGN, "state = 'unknown'")?;
    let lost = lost(&project, members)?;
    check_arrivals(&sent.arrived)?;
    ensure!(lost == 0, "{lost} members ended without an outcome");
    let over_ten = windows(&sent.arrived.per_ms, 10 * SECOND);
    let within_second = windows(&sent.arrived.per_ms, SECOND);
    let limit = LIMIT as f64;
    let least = over_ten.iter().copied().fold(f64::INFINITY, f64::min) / 10.0;
    let most = over_ten.iter().copied().fold(0.0, f64::max) / 10.0;
    let densest = within_second.iter().copied().fold(0.0, f64::max);
    let detail = json!({
        "limit": LIMIT, "sent": sent.sent, "seconds": round(sent.seconds), "killed_after_seconds": round(killed_at),
        "ten_seconds_least": round(least / limit), "ten_seconds_most": round(most / limit),
        "second_most": round(densest / limit), "second_target": "<= 1.02",
        "above_cap": 0, "to_opted_out": 0, "lost": lost, "twice": sent.arrived.duplicates, "unknown": unknown,
    });
    write(
        place,
        Outcome {
            name: "push_rate_accuracy",
            unit: "sends/s",
            value: least,
            baseline: limit,
            ratio: least / limit,
            target: "0.97 to 1.00 over 10 s, <= 1.02 in any second",
            detail,
        },
    )
}

/// Members without a final outcome.
fn lost(project: &Project<'_>, members: u64) -> Result<u64> {
    let ended = project
        .count(CAMPAIGN, "state IN ('sent', 'delivered', 'bounced', 'suppressed', 'failed', 'unknown')")?;
    Ok(members.saturating_sub(ended))
}

/// Arrivals in every window of that many milliseconds, from a second after the first to a second before the last.
fn windows(per_ms: &[u64], length: usize) -> Vec<f64> {
    let first = per_ms.iter().position(|count| *count > 0).unwrap_or_default() + SECOND;
    let last = per_ms.len().saturating_sub(SECOND);
    if last < first + length {
        return Vec::new();
    }
    (first..=last - length).map(|from| per_ms[from..from + length].iter().sum::<u64>() as f64).collect()
}
