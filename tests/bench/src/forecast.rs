//! Who would get a campaign to a million members, asked over HTTP, beside COPY of every (id, openid).

use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::api::Api;
use crate::audience::copy_people;
use crate::client::get_as;
use crate::load::{self, AT_CAP, OPTED_OUT, TEMPLATE, campaign_id};
use crate::place::Place;
use crate::project::{CAMPAIGN, Project, Servers};
use crate::result::{Outcome, median, ratios, write};
use crate::tokens;

const MARKETER: &str = "019b0000-0000-7000-8000-000000000005";
const SESSION: &str = "019b0000-0000-7000-8000-000000000006";

pub fn forecast_1m(place: &Place) -> Result<()> {
    let members = place.size(1_000_000, 50_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "forecast", members)?;
    people.run(&format!("{}{}", marketer(), load::campaign(CAMPAIGN, "draft", TEMPLATE, "NULL")))?;
    let (mut ours, mut copies) = (Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let project = Project::new(place, &servers, &people, &format!("forecast_{pair}"))?;
        let mut api = Api::run(place, project.command())?;
        let seconds = forecast(api.port, members)?;
        api.process.kill();
        let copy = copy_people(&project.database)?;
        println!("  forecast {seconds:.2} s, COPY {copy:.2} s");
        ours.push(seconds);
        copies.push(copy);
    }
    let (ratio, spread) = ratios(&ours, &copies);
    let detail = json!({ "members": members, "over_copy_of_id_and_openid_out": spread });
    let (value, baseline) = (median(&ours), median(&copies));
    let target = "seconds for a million";
    write(place, Outcome { name: "forecast_1m", unit: "s", value, baseline, ratio, target, detail })
}

fn marketer() -> String {
    format!(
        "INSERT INTO staff (id, login, name, password_hash, role, state, must_change_password, created_at, updated_at)
        VALUES ('{MARKETER}', 'marketer', '营销', '-', 'marketer', 'active', false, now(), now());
        INSERT INTO session (id, subject_kind, subject_id, created_at, last_seen_at)
        VALUES ('{SESSION}', 'staff', '{MARKETER}', now(), now());"
    )
}

/// Seconds until the answer, in which each lot is where it belongs.
fn forecast(port: u16, members: u64) -> Result<f64> {
    let id = campaign_id(CAMPAIGN);
    let path = format!("/v1/console/campaigns/{}/forecast", id.trim_end_matches("::uuid").trim_matches('\''));
    let token = tokens::of_staff(MARKETER, SESSION)?;
    let began = Instant::now();
    let answer: Value = serde_json::from_str(&get_as(port, &path, &token)?)?;
    let seconds = began.elapsed().as_secs_f64();
    let of_hundred = 100 - OPTED_OUT - AT_CAP;
    ensure!(
        answer["audience"] == members && answer["will_send"] == members / 100 * of_hundred,
        "the forecast was {answer}"
    );
    Ok(seconds)
}
