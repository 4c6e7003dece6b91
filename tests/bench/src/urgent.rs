//! Messages that a person waits for, 50 a second, with nothing else to do and while a campaign to everybody drains as fast as it can.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::load::{self, TEMPLATE, member_id};
use crate::place::Place;
use crate::process::Process;
use crate::project::{CAMPAIGN, Project, Servers};
use crate::result::{Outcome, median, quantile, ratios, round, write};
use crate::servers::wait_at_most;

const TEMPLATE_URGENT: &str = "URGENT";
const PER_SECOND: u64 = 50;
/// How long one part of a run is watched.
const WATCHED: Duration = Duration::from_secs(10);
const LOT: u64 = 100;

struct Seen {
    idle: f64,
    beside: f64,
    campaign_alone: f64,
    campaign_beside: f64,
}

pub fn push_urgent_latency(place: &Place) -> Result<()> {
    let members = place.size(600_000, 200_000);
    let servers = Servers::start(place)?;
    let people = load::database(place, "urgent", members)?;
    // Of each hundred the last has accepted the receipts.
    people.run(&format!(
        "INSERT INTO consent (id, member_id, template_id, kind, available, reserved, updated_at)
         SELECT gen_random_uuid(), member_id, '{TEMPLATE_URGENT}', 'one_time', 9, 0, now() FROM consent"
    ))?;
    let mut seen = Vec::new();
    for pair in 0..place.pairs {
        seen.push(watch(place, &servers, &people, &format!("urgent_{pair}"))?);
    }
    let of = |pick: fn(&Seen) -> f64| seen.iter().map(pick).collect::<Vec<_>>();
    let (idle, beside) = (of(|run| run.idle), of(|run| run.beside));
    let (ratio, spread) = ratios(&beside, &idle);
    let (kept, kept_spread) = ratios(&of(|run| run.campaign_beside), &of(|run| run.campaign_alone));
    let detail = json!({
        "urgent_per_second": PER_SECOND, "p99_ms_over_idle": spread, "p99_target_ms": 50,
        "campaign_sends_per_second": round(median(&of(|run| run.campaign_beside))),
        "campaign_keeps": { "ratio": round(kept), "spread": kept_spread, "target": ">= 0.85" },
    });
    let (value, baseline) = (median(&beside), median(&idle));
    let target = "<= 5 of idle and <= 50 ms [10]";
    write(
        place,
        Outcome { name: "push_urgent_latency", unit: "ms p99", value, baseline, ratio, target, detail },
    )
}

fn watch(place: &Place, servers: &Servers, people: &crate::servers::Database, run: &str) -> Result<Seen> {
    let mut project = Project::new(place, servers, people, run)?;
    project.start_workers(1)?;
    let mut source = Source::start(place, &project)?;
    // The first ones open connections and fetch the token.
    source.send_for(Duration::from_secs(1))?;
    let idle = source.p99_of(servers, WATCHED)?;
    project.plan(CAMPAIGN, TEMPLATE, "NULL")?;
    wait_at_most("the campaign's first sends", Duration::from_secs(60), || {
        servers.mock.of(TEMPLATE).is_ok_and(|arrived| arrived.sent > 5000)
    })?;
    let campaign_alone = rate(servers, || {
        std::thread::sleep(WATCHED / 2);
        Ok(0.0)
    })?
    .0;
    let (campaign_beside, beside) = rate(servers, || source.p99_of(servers, WATCHED))?;
    ensure!(!project.is_completed(CAMPAIGN), "the campaign ended while it was watched");
    println!(
        "  p99 idle {idle:.1} ms, beside {beside:.1} ms; campaign {campaign_alone:.0}, {campaign_beside:.0}/s"
    );
    Ok(Seen { idle, beside, campaign_alone, campaign_beside })
}

/// The campaign's sends per second while something is done.
fn rate(servers: &Servers, act: impl FnOnce() -> Result<f64>) -> Result<(f64, f64)> {
    let (before, began) = (servers.mock.of(TEMPLATE)?.sent, Instant::now());
    let answer = act()?;
    let sent = servers.mock.of(TEMPLATE)?.sent - before;
    Ok((sent as f64 / began.elapsed().as_secs_f64(), answer))
}

/// Writes notices as a use case does: the row and its outbox row in one transaction.
struct Source {
    session: Process,
    written: u64,
    began: HashMap<u64, f64>,
}

impl Source {
    fn start(place: &Place, project: &Project<'_>) -> Result<Self> {
        let mut command = Command::new("psql");
        command.args(["-Xq", "-v", "ON_ERROR_STOP=1", &project.database.url]);
        let session = Process::start(&mut command, &place.log("urgent"))?;
        Ok(Self { session, written: 0, began: HashMap::new() })
    }

    fn send_for(&mut self, time: Duration) -> Result<()> {
        let began = Instant::now();
        let mut sent = 0;
        while began.elapsed() < time {
            let member = self.written * LOT + LOT - 1;
            self.began.insert(member, SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64());
            self.session.say(&notice(member))?;
            self.written += 1;
            sent += 1;
            let next = Duration::from_secs_f64(sent as f64 / PER_SECOND as f64);
            std::thread::sleep(next.saturating_sub(began.elapsed()));
        }
        Ok(())
    }

    /// Milliseconds from the writing to the platform, of all but one in a hundred.
    fn p99_of(&mut self, servers: &Servers, time: Duration) -> Result<f64> {
        self.began.clear();
        self.send_for(time)?;
        let all = self.began.len();
        let mut waits = Vec::new();
        wait_at_most("the urgent messages", Duration::from_secs(30), || {
            let arrived =
                servers.mock.of(TEMPLATE_URGENT).map(|arrived| arrived.arrivals).unwrap_or_default();
            let began = |member: u64| self.began.get(&member).copied();
            waits = arrived.iter().filter_map(|(member, at)| Some((at - began(*member)?) * 1000.0)).collect();
            waits.len() >= all
        })?;
        Ok(quantile(&waits, 0.99))
    }
}

fn notice(member: u64) -> String {
    let steps = format!(
        "{{\"steps\": [{{\"channel\": \"wechat_subscribe\", \"template_id\": \"{TEMPLATE_URGENT}\", \
         \"parameters\": {{\"thing1\": \"核销成功\"}}}}]}}"
    );
    format!(
        "WITH written AS (INSERT INTO notice (id, member_id, lane, kind, business_key, channel, message, step, state, \
         not_before, attempts, created_at, updated_at) VALUES (gen_random_uuid(), {member}, 'urgent', \
         'redemption_receipt', 'bench:' || gen_random_uuid(), 'wechat_subscribe', '{steps}', 0, 'queued', now(), 0, \
         now(), now()) RETURNING id) INSERT INTO outbox (id, queue, body, created_at) SELECT gen_random_uuid(), \
         'delivery.urgent', jsonb_build_object('job', 'send_notices', 'notice_ids', jsonb_build_array(id)), now() \
         FROM written;",
        member = member_id(member),
    )
}
