//! The same campaign to a thousand, ten thousand, a hundred thousand, a million members: what a send costs must not grow.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;

use crate::load;
use crate::place::Place;
use crate::project::{CAMPAIGN, Project, Servers};
use crate::result::{Outcome, round, write};

struct Size {
    members: u64,
    cpu_us: f64,
    first_send: f64,
    most_mb: f64,
    rate: f64,
}

pub fn growth(place: &Place) -> Result<()> {
    let sizes: &[u64] = if place.quick { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };
    let servers = Servers::start(place)?;
    let mut measured = Vec::new();
    let mut bytes = BTreeMap::new();
    for members in sizes {
        let people = load::database(place, &format!("growth_{members}"), *members)?;
        let mut project = Project::new(place, &servers, &people, &format!("grown_{members}"))?;
        project.start_workers(1)?;
        let sent = project.send_to_all(*members)?;
        let cpu: f64 = sent.cpu.iter().filter(|(name, _)| *name != "mock").map(|(_, seconds)| seconds).sum();
        println!("  {members}: {:.0} members/s, cpu {:?}", *members as f64 / sent.seconds, sent.cpu);
        measured.push(Size {
            members: *members,
            cpu_us: cpu * 1e6 / sent.sent as f64,
            first_send: sent.first_send_seconds,
            most_mb: sent.most_mb,
            rate: *members as f64 / sent.seconds,
        });
        bytes = bytes_per_row(&project)?;
    }
    report(place, &measured, &bytes)
}

fn report(place: &Place, measured: &[Size], bytes: &BTreeMap<String, f64>) -> Result<()> {
    let base = measured.iter().find(|size| size.members == 10_000).context("ten thousand")?;
    let largest = measured.last().context("sizes")?;
    let sizes: Vec<_> = measured
        .iter()
        .map(|size| {
            json!({
                "members": size.members, "cpu_us_per_send": round(size.cpu_us), "members_per_second": round(size.rate),
                "first_send_seconds": round(size.first_send), "most_resident_mb": round(size.most_mb),
            })
        })
        .collect();
    let detail = json!({
        "sizes": sizes, "bytes_per_finished_delivery": bytes, "bytes_target": "<= 200, row and key",
        "first_send_ratio": round(largest.first_send / base.first_send), "first_send_target": "<= 2",
        "memory_ratio": round(largest.most_mb / base.most_mb), "memory_target": "<= 1.25",
    });
    let (value, baseline) = (largest.cpu_us, base.cpu_us);
    let ratio = value / baseline;
    let target = "<= 1.15";
    write(place, Outcome { name: "growth", unit: "us/send", value, baseline, ratio, target, detail })
}

/// Of finished rows written afresh, without what earlier versions left; and as the tables stand on the disk.
fn bytes_per_row(project: &Project<'_>) -> Result<BTreeMap<String, f64>> {
    let database = &project.database;
    let id = load::campaign_id(CAMPAIGN);
    database.run(&format!("CREATE TABLE finished AS SELECT * FROM delivery WHERE campaign_id = {id}"))?;
    database.run("ALTER TABLE finished ADD PRIMARY KEY (id)")?;
    let rows = database.number("SELECT count(*) FROM finished")?;
    let size = |sql: &str| Ok::<_, anyhow::Error>(round(database.number(sql)? / rows));
    let all = database.number("SELECT count(*) FROM delivery")?;
    let on_disk = |relation: &str, call: &str| {
        Ok::<_, anyhow::Error>(round(database.number(&format!("SELECT {call}('{relation}')"))? / all))
    };
    Ok(BTreeMap::from([
        ("row".to_owned(), size("SELECT pg_relation_size('finished')")?),
        ("key".to_owned(), size("SELECT pg_indexes_size('finished')")?),
        ("row_and_key".to_owned(), size("SELECT pg_total_relation_size('finished')")?),
        ("on_disk_table".to_owned(), on_disk("delivery", "pg_relation_size")?),
        ("on_disk_indexes".to_owned(), on_disk("delivery", "pg_indexes_size")?),
        ("on_disk_attempts".to_owned(), on_disk("attempt", "pg_total_relation_size")?),
    ]))
}
