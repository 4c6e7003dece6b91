//! From a plan to a million queued messages, beside COPY of as many rows.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{self, TEMPLATE, campaign_id};
use crate::place::Place;
use crate::process::{output, resident_mb};
use crate::project::{CAMPAIGN, Project, Servers};
use crate::result::{Outcome, median, ratios, round, write};
use crate::servers::{Database, wait_at_most};

struct Handed {
    resolved: f64,
    handed: f64,
    first_send: f64,
    more_mb: f64,
}

struct Copies {
    /// (id, openid) of every member, out of the database.
    people_out: f64,
    /// The delivery rows that the project wrote, out of the database and into a table with the same indexes.
    rows_out: f64,
    rows_in: f64,
}

pub fn audience_1m(place: &Place) -> Result<()> {
    let members = place.size(1_000_000, 50_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "audience", members)?;
    let (mut ours, mut copies) = (Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let mut project = Project::new(place, &servers, &people, &format!("audience_{pair}"))?
            // All of it is handed over; next to none is sent meanwhile, one call at a time to a slow platform.
            .with("HUIKE_DELIVERY_QUEUED_AHEAD", 4 * members)
            .with("HUIKE_RATES_WECHAT_PER_SECOND", 4 * members)
            .with("HUIKE_DELIVERY_CONCURRENCY", 1);
        project.start_workers(1)?;
        servers.mock.reset(true)?;
        let handed = hand_over(&project, members)?;
        for (worker, _) in project.workers.drain(..) {
            worker.stop();
        }
        println!(
            "  resolved {:.2} s, handed {:.2} s, first send {:.3} s, +{:.0} MB",
            handed.resolved, handed.handed, handed.first_send, handed.more_mb
        );
        let copy = copy(&project.database)?;
        println!(
            "  COPY: people out {:.2}, rows out {:.2}, rows in {:.2} s",
            copy.people_out, copy.rows_out, copy.rows_in
        );
        ours.push(handed);
        copies.push(copy);
    }
    report(place, members, &ours, &copies)
}

fn report(place: &Place, members: u64, ours: &[Handed], copies: &[Copies]) -> Result<()> {
    let of = |pick: fn(&Handed) -> f64| ours.iter().map(pick).collect::<Vec<_>>();
    let by = |pick: fn(&Copies) -> f64| copies.iter().map(pick).collect::<Vec<_>>();
    let handed = of(|run| run.handed);
    let rows_in = by(|copy| copy.rows_in);
    let (ratio, spread) = ratios(&handed, &rows_in);
    let (over_people, people_spread) = ratios(&handed, &by(|copy| copy.people_out));
    let (over_rows_out, _) = ratios(&handed, &by(|copy| copy.rows_out));
    let detail = json!({
        "members": members, "resolved_seconds": round(median(&of(|run| run.resolved))),
        "first_send_seconds": round(median(&of(|run| run.first_send))), "first_send_target": 0.5,
        "more_resident_mb": round(ours.iter().map(|run| run.more_mb).fold(0.0, f64::max)), "memory_target_mb": 32,
        "over_copy_of_the_rows_in": spread,
        "over_copy_of_the_rows_out": round(over_rows_out),
        "over_copy_of_id_and_openid_out": { "ratio": round(over_people), "spread": people_spread },
    });
    let (value, baseline) = (median(&handed), median(&rows_in));
    let target = "<= 4 [8]";
    write(place, Outcome { name: "audience_1m", unit: "s", value, baseline, ratio, target, detail })
}

fn hand_over(project: &Project<'_>, members: u64) -> Result<Handed> {
    let worker = project.workers[0].0.id();
    let (before, _) = resident_mb(worker);
    let id = campaign_id(CAMPAIGN);
    let began = Instant::now();
    project.plan(CAMPAIGN, TEMPLATE, "NULL")?;
    wait_at_most("the audience", Duration::from_secs(300), || {
        std::thread::sleep(Duration::from_millis(50));
        project
            .database
            .run(&format!("SELECT state FROM campaign WHERE id = {id}"))
            .is_ok_and(|state| state == "sending")
    })?;
    let resolved = began.elapsed().as_secs_f64();
    // Cheap questions, since they are asked while it works.
    let waiting = format!(
        "SELECT (EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM delivery WHERE campaign_id = {id} \
         AND state = 'pending'))::int"
    );
    wait_at_most("the handing over", Duration::from_secs(600), || {
        std::thread::sleep(Duration::from_millis(50));
        project.database.run(&waiting).is_ok_and(|waiting| waiting == "0")
    })?;
    let handed = began.elapsed().as_secs_f64();
    let rows = project.count(CAMPAIGN, "true")?;
    ensure!(rows == members, "{rows} deliveries for {members} members");
    let (_, most) = resident_mb(worker);
    let sent = project.sent(CAMPAIGN, TEMPLATE, members, Default::default())?;
    Ok(Handed { resolved, handed, first_send: sent.first_send_seconds, more_mb: most - before })
}

fn copy(database: &Database) -> Result<Copies> {
    let file = std::env::temp_dir().join(format!("huike-bench-{}.copy", std::process::id()));
    let path = file.display();
    let people_out = copy_people(database)?;
    let id = campaign_id(CAMPAIGN);
    let rows_out =
        timed(database, &format!("\\copy (SELECT * FROM delivery WHERE campaign_id = {id}) TO '{path}'"))?;
    database.run("CREATE TABLE copied (LIKE delivery INCLUDING ALL)")?;
    let rows_in = timed(database, &format!("\\copy copied FROM '{path}'"))?;
    let _ = std::fs::remove_file(&file);
    Ok(Copies { people_out, rows_out, rows_in })
}

/// Seconds for (id, openid) of every member, out of the database.
pub fn copy_people(database: &Database) -> Result<f64> {
    timed(
        database,
        "\\copy (SELECT m.id, i.subject FROM member m JOIN identity i ON i.member_id = m.id) TO '/dev/null'",
    )
}

fn timed(database: &Database, command: &str) -> Result<f64> {
    let began = Instant::now();
    output(Command::new("psql").args(["-Xq", "-v", "ON_ERROR_STOP=1", &database.url, "-c", command]))?;
    Ok(began.elapsed().as_secs_f64())
}
