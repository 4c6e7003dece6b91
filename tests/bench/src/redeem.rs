//! Coupons redeemed at tills over HTTP, some of them scanned twice: the project's API beside pgbench, and how long it takes at half of that
//! load while a campaign goes out.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::api::Api;
use crate::claims::transactions_per_second;
use crate::crowd::{Crowd, request, send_all, send_at};
use crate::load::{self, TEMPLATE};
use crate::place::Place;
use crate::process::output;
use crate::project::{CAMPAIGN, Project, Servers};
use crate::result::{Outcome, median, quantile, ratios, round, write};
use crate::servers::{Database, wait_at_most};
use crate::tokens;

const CONNECTIONS: usize = 64;
const COUPONS_EACH: u64 = 5;
/// One in so many is scanned a second time.
const DOUBLE: u64 = 20;
/// Messages a second: the fastest of the limits that a new installation has.
const PACED: u64 = 2_000;
const OFFER: &str = "019b0000-0000-7000-8000-000000000001";
pub const STORE: &str = "019b0000-0000-7000-8000-000000000002";
pub const CASHIER: &str = "019b0000-0000-7000-8000-000000000003";
const SESSION: &str = "019b0000-0000-7000-8000-000000000004";

pub fn redeem(place: &Place) -> Result<()> {
    let members = place.size(200_000, 20_000);
    let redeemed = place.size(20_000, 4_000);
    let servers = Servers::start(place)?;
    let shop = shop(place, members)?;
    let (mut ours, mut bounds, mut tails) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let project = Project::new(place, &servers, &shop, &format!("redeem_{pair}"))?;
        let mut api = Api::run(place, project.command())?;
        let crowd = send_all(api.port, CONNECTIONS, redemptions(0, redeemed)?)?;
        api.process.kill();
        check(&project.database, redeemed, &crowd)?;
        let rate = redeemed as f64 / crowd.seconds;
        println!("  {rate:.0} redemptions/s, p99 {:.1} ms", quantile(&crowd.latencies, 0.99));
        ours.push(rate);
        tails.push(quantile(&crowd.latencies, 0.99));
        let database = Database::create(place, &format!("redeem_bound_{pair}"), Some(&shop))?;
        bounds.push(pgbench(place, &database, redeemed)?);
    }
    let (ratio, spread) = ratios(&ours, &bounds);
    let half = median(&ours) / 2.0;
    let beside_paced = beside_a_campaign(place, &servers, &shop, (half, Some(PACED)))?;
    let beside_unpaced = beside_a_campaign(place, &servers, &shop, (half, None))?;
    let detail = json!({
        "coupons": members * COUPONS_EACH, "redeemed": redeemed, "scanned_twice": redeemed / DOUBLE,
        "connections": CONNECTIONS, "of_pgbench": spread, "p99_ms": round(median(&tails)),
        "p99_ms_at_half_load_beside_a_campaign": {
            "at_2000_a_second": round(beside_paced), "as_fast_as_it_can": round(beside_unpaced), "target": "<= 25",
        },
    });
    let (value, baseline) = (median(&ours), median(&bounds));
    let target = ">= 1 of one statement [0.8]";
    write(place, Outcome { name: "redeem", unit: "redemptions/s", value, baseline, ratio, target, detail })
}

/// The people of the campaigns, each with some coupons and a scan at the store.
fn shop(place: &Place, members: u64) -> Result<Database> {
    let database = load::database(place, "redeem", members)?;
    database.run(&till())?;
    database.run(&format!(
        "SET synchronous_commit = off;
        INSERT INTO coupon_template (id, name, kind, threshold_fen, discount_fen, validity, valid_days, all_stores,
            stock, taken, limit_per_member, claimable, state, created_at, updated_at)
        VALUES ('{OFFER}', '满100减20', 'money_off', 10000, 2000, 'relative', 30, true, {coupons}, {coupons},
            {COUPONS_EACH}, true, 'published', now(), now());
        INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source, claimed_at,
            updated_at)
        SELECT {coupon}, '{OFFER}', {member}, i % {COUPONS_EACH} + 1, 'B' || i, 'issued', now(),
            now() + interval '30 days', 'claim', now(), now()
        FROM generate_series(0, {last_coupon}) i;
        INSERT INTO scan (id, member_id, staff_id, store_id, purpose, step, created_at, expires_at)
        SELECT {scan}, {of_scan}, '{CASHIER}', '{STORE}', 'till', 1, now(), now() + interval '1 day'
        FROM generate_series(0, {last}) i;",
        coupons = members * COUPONS_EACH,
        coupon = load::id(6, "i"),
        member = load::id(0, &format!("(i / {COUPONS_EACH})")),
        last_coupon = members * COUPONS_EACH - 1,
        scan = load::id(8, "i"),
        of_scan = load::id(0, "i"),
        last = members - 1,
    ))?;
    database.run("VACUUM ANALYZE")?;
    Ok(database)
}

/// A store with a cashier who is signed in.
pub fn till() -> String {
    format!(
        "INSERT INTO store (id, code, name, state, created_at) VALUES ('{STORE}', 'S1', '南京路店', 'open', now());
        INSERT INTO staff (id, login, name, password_hash, role, state, must_change_password, created_at, updated_at)
        VALUES ('{CASHIER}', 'cashier', '收银员', '-', 'cashier', 'active', false, now(), now());
        INSERT INTO staff_store (staff_id, store_id) VALUES ('{CASHIER}', '{STORE}');
        INSERT INTO session (id, subject_kind, subject_id, created_at, last_seen_at)
        VALUES ('{SESSION}', 'staff', '{CASHIER}', now(), now());"
    )
}

pub fn cashier_token() -> Result<String> {
    tokens::of_staff(CASHIER, SESSION)
}

/// One coupon of each of so many members, and one in twenty by a second request at the same moment.
fn redemptions(first: u64, count: u64) -> Result<Vec<Vec<u8>>> {
    let token = cashier_token()?;
    let one = |member: u64, request_no: String| {
        let body = json!({
            "store_id": STORE, "scan_id": tokens::id(8, member), "coupon_id": tokens::id(6, member * COUPONS_EACH),
            "request_no": request_no, "amount_fen": 12_800,
        });
        request("POST", "/v1/staff/redemptions", &token, &body.to_string())
    };
    let twice = |member: u64| member.is_multiple_of(DOUBLE).then(|| one(member, format!("again-{member}")));
    Ok((first..first + count)
        .flat_map(|member| [Some(one(member, format!("till-{member}"))), twice(member)])
        .flatten()
        .collect())
}

/// Each coupon once, whoever was first, and no more yeses than that.
fn check(database: &Database, redeemed: u64, crowd: &Crowd) -> Result<()> {
    let used = database.number("SELECT count(*) FROM coupon WHERE state = 'used'")? as u64;
    let rows = database.number("SELECT count(DISTINCT coupon_id) FROM redemption")? as u64;
    let events = database.number("SELECT count(*) FROM coupon_event WHERE to_state = 'used'")? as u64;
    let (yes, no) = (crowd.count(201), crowd.count(409));
    ensure!(
        (used, rows, events, yes, no) == (redeemed, redeemed, redeemed, redeemed, redeemed / DOUBLE),
        "{used} used, {rows} redemptions, {events} events of {redeemed}; answers: {:?}",
        crowd.statuses
    );
    Ok(())
}

/// Redemptions per second of pgbench, each one statement that moves the coupon and writes the redemption and the event.
fn pgbench(place: &Place, database: &Database, redeemed: u64) -> Result<f64> {
    const CLIENTS: u64 = 16;
    let script = place.logs.join("redeem.sql");
    let statement = format!(
        "WITH used AS (UPDATE coupon SET state = 'used', used_at = now(), updated_at = now()
            WHERE id = {coupon} AND state = 'issued' AND valid_until > now() RETURNING id, member_id),
        made AS (INSERT INTO redemption (id, coupon_id, member_id, store_id, staff_id, request_no, request_hash,
            amount_fen, discount_fen, redeemed_at, part, shares, source)
            SELECT gen_random_uuid(), id, member_id, '{STORE}', '{CASHIER}', id::text, '-', 12800, 2000, now(), 0, '[]',
            'till' FROM used RETURNING coupon_id)
        INSERT INTO coupon_event (id, coupon_id, from_state, to_state, actor_kind, actor_id, created_at)
            SELECT gen_random_uuid(), coupon_id, 'issued', 'used', 'staff', '{CASHIER}', now() FROM made;",
        coupon = load::id(6, ":number::bigint"),
    );
    let number = format!("(:client_id * {} + :from) * {COUPONS_EACH}", redeemed / CLIENTS);
    let lines = format!("\\set from :from + 1\n\\set number {number}\n{}\n", statement.replace('\n', " "));
    std::fs::write(&script, lines)?;
    let transactions = redeemed / CLIENTS;
    let mut command = Command::new("pgbench");
    command.args(["-n", "-c", &CLIENTS.to_string(), "-j", "2", "-M", "prepared", "-D", "from=-1"]);
    command.args(["-t", &transactions.to_string(), "-f"]).arg(&script).arg(&database.url);
    let rate = transactions_per_second(&output(&mut command)?)?;
    let made = database.number("SELECT count(*) FROM redemption")? as u64;
    ensure!(made == transactions * CLIENTS, "pgbench made {made} redemptions");
    println!("  pgbench {rate:.0} redemptions/s");
    Ok(rate)
}

/// Milliseconds below which 99 of 100 answers come, at `per_second` while a campaign to everybody drains at `pace` messages a second, or as
/// fast as it can.
fn beside_a_campaign(
    place: &Place,
    servers: &Servers,
    shop: &Database,
    (per_second, pace): (f64, Option<u64>),
) -> Result<f64> {
    let of_campaign = pace.map_or("NULL".to_owned(), |pace| pace.to_string());
    let mut project =
        Project::new(place, servers, shop, &format!("redeem_beside_{}", pace.unwrap_or_default()))?;
    let mut api = Api::run(place, project.command())?;
    // The first ones open connections.
    send_all(api.port, CONNECTIONS, redemptions(0, 1_000)?)?;
    project.start_workers(1)?;
    project.plan(CAMPAIGN, TEMPLATE, &of_campaign)?;
    wait_at_most("the campaign's first sends", Duration::from_secs(60), || {
        servers.mock.of(TEMPLATE).is_ok_and(|arrived| arrived.sent > 1_000)
    })?;
    let seconds = if place.quick { 0.5 } else { 5.0 };
    let count = (per_second * seconds) as u64;
    let crowd = send_at(api.port, CONNECTIONS, redemptions(1_000, count)?, per_second)?;
    ensure!(!project.is_completed(CAMPAIGN), "the campaign ended while it was watched");
    api.process.kill();
    ensure!(crowd.count(201) == count, "answers: {:?}", crowd.statuses);
    let p99 = quantile(&crowd.latencies, 0.99);
    println!("  {per_second:.0} a second beside a campaign at {of_campaign}: p99 {p99:.1} ms");
    Ok(p99)
}
