//! What a worker holds while calls are under way, what a process holds at rest, and how soon it answers.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::client::{free_port, get};
use crate::load;
use crate::place::Place;
use crate::process::{Process, resident_mb};
use crate::project::{Project, Servers};
use crate::result::{Outcome, median, round, write};

const LIMIT_1024_MB: f64 = 96.0;
const COLD_START_LIMIT_MS: f64 = 400.0;

pub fn memory(place: &Place) -> Result<()> {
    let members = place.size(50_000, 10_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "memory", members)?;
    let mut most = Vec::new();
    for in_flight in [64, 1024] {
        let mut project = Project::new(place, &servers, &people, &format!("memory_{in_flight}"))?
            .with("HUIKE_DELIVERY_CONCURRENCY", in_flight);
        project.start_workers(1)?;
        // The platform takes its time, so that as many are in flight as may be.
        servers.mock.reset(true)?;
        most.push(project.send_to_all(members)?.most_mb);
    }
    let (at_rest, _) = starts(place, 1)?;
    let detail = json!({
        "at_64_in_flight_mb": round(most[0]), "at_64_target": "<= 40 [64]", "at_1024_in_flight_mb": round(most[1]),
        "at_1024_target": "<= 96 [128]", "embedded_at_rest_mb": round(at_rest),
        "binary_mb": round(std::fs::metadata(&place.binary)?.len() as f64 / 1_048_576.0),
    });
    let target = "<= 96 MB [128]";
    write(
        place,
        Outcome {
            name: "memory",
            unit: "MB",
            value: most[1],
            baseline: LIMIT_1024_MB,
            ratio: most[1] / LIMIT_1024_MB,
            target,
            detail,
        },
    )
}

/// exec to the first 200 of /healthz, embedded, on a migrated database.
pub fn cold_start(place: &Place) -> Result<()> {
    let (_, times) = starts(place, if place.quick { 3 } else { 9 })?;
    let value = median(&times);
    let detail =
        json!({ "way": "embedded", "starts_ms": times.iter().copied().map(round).collect::<Vec<_>>() });
    write(
        place,
        Outcome {
            name: "cold_start",
            unit: "ms",
            value,
            baseline: COLD_START_LIMIT_MS,
            ratio: value / COLD_START_LIMIT_MS,
            target: "<= 400 ms",
            detail,
        },
    )
}

/// Resident megabytes at rest, and the milliseconds of each start after the first, which makes the database.
fn starts(place: &Place, count: usize) -> Result<(f64, Vec<f64>)> {
    let folder = std::env::temp_dir().join(format!("huike-bench-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (mut times, mut resident) = (Vec::new(), 0.0);
    for start in 0..=count {
        let port = free_port()?;
        let mut command = place.huike();
        command.arg("serve").current_dir(&folder).env("HUIKE_LISTEN", format!("127.0.0.1:{port}"));
        let began = Instant::now();
        let mut process = Process::start_quiet(&mut command, &place.log("start"))?;
        while get(port, "/healthz").is_err() {
            ensure!(
                process.is_running() && began.elapsed() < Duration::from_secs(30),
                "huike serve does not answer"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        if start > 0 {
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        std::thread::sleep(Duration::from_millis(300));
        (resident, _) = resident_mb(process.id());
        process.stop();
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok((resident, times))
}
