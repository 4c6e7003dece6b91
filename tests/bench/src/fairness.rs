//! A campaign of a thousand that starts while one of a million is under way.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{self, campaign_id};
use crate::place::Place;
use crate::project::{CAMPAIGN, Project, Servers, check_arrivals};
use crate::result::{Outcome, median, ratios, write};
use crate::servers::wait_at_most;

const SMALL: u64 = 11;
const SMALL_TEMPLATE: &str = "SMALL";
/// Of whom 1,000 and some more are to be sent to: about 87 of a hundred are.
const SMALL_MEMBERS: u64 = 1200;
/// Who is in the small one.
const REGULARS: &str = "{\"purchase_count\": {\"at_least\": 7}}";

pub fn push_fairness(place: &Place) -> Result<()> {
    let members = place.size(1_000_000, 60_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "fair", members)?;
    people.run(&format!(
        "UPDATE member SET purchase_count = 7 WHERE id IN (SELECT id FROM member ORDER BY id LIMIT {SMALL_MEMBERS});
        INSERT INTO consent (id, member_id, template_id, kind, available, reserved, updated_at)
        SELECT gen_random_uuid(), id, '{SMALL_TEMPLATE}', 'one_time', 3, 0, now() FROM member
        WHERE purchase_count = 7"
    ))?;
    people.run("VACUUM ANALYZE member, consent")?;
    let (mut beside, mut alone) = (Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        alone.push(small(place, &servers, &people, &format!("alone_{pair}"), false)?);
        beside.push(small(place, &servers, &people, &format!("beside_{pair}"), true)?);
        println!("  alone {:.2} s, beside {:.2} s", alone[pair], beside[pair]);
    }
    let (ratio, spread) = ratios(&beside, &alone);
    let detail = json!({ "large": members, "small": 1000, "seconds_beside_over_alone": spread });
    let (value, baseline) = (median(&beside), median(&alone));
    let target = "<= 2 [4]";
    write(place, Outcome { name: "push_fairness", unit: "s", value, baseline, ratio, target, detail })
}

/// Seconds from its planned start to its last outcome.
fn small(
    place: &Place,
    servers: &Servers,
    people: &crate::servers::Database,
    run: &str,
    beside: bool,
) -> Result<f64> {
    let mut project = Project::new(place, servers, people, run)?;
    project.start_workers(1)?;
    if beside {
        project.plan(CAMPAIGN, load::TEMPLATE, "NULL")?;
        wait_at_most("the large campaign's first sends", Duration::from_secs(60), || {
            servers.mock.of(load::TEMPLATE).is_ok_and(|arrived| arrived.sent > 5000)
        })?;
    }
    project.database.run(&load::audience_campaign(SMALL, "scheduled", SMALL_TEMPLATE, "NULL", REGULARS))?;
    let id = campaign_id(SMALL);
    wait_at_most("the small campaign's end", Duration::from_secs(300), || {
        std::thread::sleep(Duration::from_millis(200));
        project.is_completed(SMALL)
    })?;
    if beside {
        ensure!(!project.is_completed(CAMPAIGN), "the large campaign ended first");
    }
    let arrived = servers.mock.of(SMALL_TEMPLATE)?;
    ensure!(arrived.sent >= 1000, "only {} of {id} came", arrived.sent);
    check_arrivals(&arrived)?;
    project.seconds(SMALL)
}
