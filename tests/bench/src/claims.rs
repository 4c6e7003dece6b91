//! A hot template under a crowd, and after its end: the project's API beside Fastify with pg, pgbench, and bare actix.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::api::Api;
use crate::crowd::{Crowd, request, send_all};
use crate::hello;
use crate::load;
use crate::place::Place;
use crate::process::output;
use crate::result::{Outcome, median, quantile, ratios, round, write};
use crate::servers::Database;
use crate::tokens;

const CONNECTIONS: usize = 256;
/// Claims per statement of pgbench.
const TOGETHER: u64 = 200;
const TEMPLATE: &str = "019b0000-0000-7000-8000-000000000001";

/// Members with a session each, and a published template of `stock` copies.
pub fn shop(place: &Place, name: &str, members: u64, stock: u64) -> Result<Database> {
    let database = Database::create(place, name, None)?;
    load::migrate(place, &database)?;
    database.run(&format!(
        "SET synchronous_commit = off;
        INSERT INTO member (id, card_number, name, card_secret, state, marketing_consent, purchase_count,
            purchase_total_fen, source, created_at, updated_at)
        SELECT {member}, 'C' || i, '会员' || i, '\\x00'::bytea, 'active', true, 0, 0, 'bench', now(), now()
        FROM generate_series(0, {last}) i;
        INSERT INTO session (id, subject_kind, subject_id, created_at, last_seen_at)
        SELECT {session}, 'member', {member}, now(), now() FROM generate_series(0, {last}) i;
        INSERT INTO coupon_template (id, name, kind, threshold_fen, discount_fen, validity, valid_days, all_stores,
            stock, taken, limit_per_member, claimable, state, created_at, updated_at)
        VALUES ('{TEMPLATE}', '满100减20', 'money_off', 10000, 2000, 'relative', 30, true, {stock}, 0, 1, true,
            'published', now(), now());",
        member = load::id(0, "i"),
        session = load::id(7, "i"),
        last = members - 1,
    ))?;
    database.run("VACUUM ANALYZE")?;
    Ok(database)
}

/// Every member claims, and one in ten once more.
fn claims(members: u64) -> Result<Vec<Vec<u8>>> {
    let path = format!("/v1/coupon-templates/{TEMPLATE}/claims");
    (0..members + members / 10)
        .map(|number| Ok(request("POST", &path, &tokens::of_member(number % members)?, "{}")))
        .collect()
}

/// Exactly the stock, one to each, and no more yeses than that.
fn check_claims(database: &Database, stock: u64, crowd: &Crowd) -> Result<()> {
    let of = format!("FROM coupon WHERE template_id = '{TEMPLATE}'");
    let sold = database.number(&format!("SELECT count(*) {of}"))? as u64;
    let owners = database.number(&format!("SELECT count(DISTINCT member_id) {of}"))? as u64;
    let taken =
        database.number(&format!("SELECT taken FROM coupon_template WHERE id = '{TEMPLATE}'"))? as u64;
    let yes = crowd.count(201);
    ensure!(
        (sold, owners, taken, yes) == (stock, stock, stock, stock),
        "sold {sold} to {owners}, taken {taken}, {yes} heard yes of {stock}"
    );
    let refused = crowd.count(409);
    ensure!(yes + refused == crowd.statuses.values().sum::<u64>(), "answers: {:?}", crowd.statuses);
    Ok(())
}

/// Claims per second while the stock lasts: the crowd stops when it is gone.
pub fn claim_hot(place: &Place) -> Result<()> {
    let stock = place.size(20_000, 4_000);
    let members = stock;
    let shop = shop(place, "claims", members, stock)?;
    let (mut ours, mut peers, mut bounds, mut tails) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        let database = Database::create(place, &format!("claims_{pair}"), Some(&shop))?;
        let mut api = Api::start(place, &database, &[])?;
        let crowd = send_all(api.port, CONNECTIONS, claims(members)?)?;
        api.process.kill();
        check_claims(&database, stock, &crowd)?;
        ours.push(crowd.rate());
        tails.push(quantile(&crowd.latencies, 0.99));
        println!("  {:.0} claims/s, p99 {:.1} ms", crowd.rate(), quantile(&crowd.latencies, 0.99));
        if Api::has_peer(place) {
            let database = Database::create(place, &format!("claims_peer_{pair}"), Some(&shop))?;
            let mut api = Api::start_peer(place, &database, None)?;
            let crowd = send_all(api.port, CONNECTIONS, claims(members)?)?;
            api.process.kill();
            check_claims(&database, stock, &crowd)?;
            println!("  peer {:.0} claims/s", crowd.rate());
            peers.push(crowd.rate());
        }
        let database = Database::create(place, &format!("claims_bound_{pair}"), Some(&shop))?;
        bounds.push(pgbench_claims(place, &database, stock)?);
    }
    let (ratio, over_peer) = ratios(&ours, &peers);
    let (of_bound, spread) = ratios(&ours, &bounds);
    let detail = json!({
        "stock": stock, "members": members, "connections": CONNECTIONS, "over_peer": over_peer,
        "peer": if peers.is_empty() { "Fastify is not installed (npm ci in tests/bench/peer)" } else { "Fastify + pg, hot row" },
        "pgbench_claims_per_second": round(median(&bounds)),
        "of_pgbench": { "ratio": round(of_bound), "spread": spread, "target": ">= 0.35 [0.2]" },
        "p99_ms": round(median(&tails)),
    });
    let (value, baseline) = (median(&ours), median(&peers));
    write(
        place,
        Outcome { name: "claim_hot", unit: "claims/s", value, baseline, ratio, target: ">= 10 [5]", detail },
    )
}

/// Claims per second of pgbench where one statement makes 200 copies with their events.
fn pgbench_claims(place: &Place, database: &Database, stock: u64) -> Result<f64> {
    let script = place.logs.join("claims.sql");
    let insert = format!(
        "WITH given AS (SELECT gen_random_uuid() AS id, m.id AS member_id FROM member m WHERE m.card_number = ANY(
            SELECT 'C' || (:client_id * {part} + :from + i) FROM generate_series(0, {last}) i)),
        taken AS (UPDATE coupon_template SET taken = taken + {TOGETHER} WHERE id = '{TEMPLATE}'
            AND taken + {TOGETHER} <= stock RETURNING id),
        made AS (INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source,
            claimed_at, updated_at)
            SELECT given.id, taken.id, member_id, 1, given.id::text, 'issued', now(), now(), 'claim', now(), now()
            FROM given, taken ON CONFLICT DO NOTHING RETURNING id)
        INSERT INTO coupon_event (id, coupon_id, to_state, actor_kind, created_at)
            SELECT gen_random_uuid(), id, 'issued', 'member', now() FROM made;",
        part = stock / 2,
        last = TOGETHER - 1,
    );
    std::fs::write(&script, format!("\\set from :from + {TOGETHER}\n{}\n", insert.replace('\n', " ")))?;
    let transactions = stock / TOGETHER / 2;
    let mut command = Command::new("pgbench");
    command.args(["-n", "-c", "2", "-j", "2", "-M", "prepared", "-D", &format!("from=-{TOGETHER}")]);
    command.args(["-t", &transactions.to_string(), "-f"]).arg(&script).arg(&database.url);
    let rate = transactions_per_second(&output(&mut command)?)? * TOGETHER as f64;
    let made = database.number("SELECT count(*) FROM coupon")? as u64;
    ensure!(made == transactions * 2 * TOGETHER, "pgbench made {made} copies");
    println!("  pgbench {rate:.0} claims/s");
    Ok(rate)
}

pub fn transactions_per_second(report: &str) -> Result<f64> {
    let line = report.lines().find_map(|line| line.strip_prefix("tps = "));
    Ok(line.and_then(|line| line.split(' ').next()).context("pgbench tells no rate")?.parse()?)
}

/// Refusals per second when everything is gone, beside an actix that says hello; no statement reaches the database.
pub fn sold_out(place: &Place) -> Result<()> {
    let (members, requests) = (place.size(20_000, 4_000), place.size(200_000, 20_000));
    let shop = shop(place, "sold_out", members, 1)?;
    let (mut ours, mut bounds, mut statements) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..place.pairs {
        let mut api = Api::start(place, &shop, &[])?;
        send_all(api.port, 8, claims(members / 100)?)?;
        let before = commits(&shop)?;
        let repeated: Vec<_> = claims(members)?.into_iter().cycle().take(requests as usize).collect();
        let crowd = send_all(api.port, CONNECTIONS, repeated)?;
        statements.push((commits(&shop)? - before) / requests as f64);
        api.process.kill();
        ensure!(crowd.count(409) == requests, "answers: {:?}", crowd.statuses);
        println!(
            "  {:.0} refusals/s, {:.5} transactions each",
            crowd.rate(),
            statements[statements.len() - 1]
        );
        ours.push(crowd.rate());
        let (mut hello, port) = hello::start(place)?;
        let greetings = vec![request("GET", "/", "", ""); requests as usize];
        let crowd = send_all(port, CONNECTIONS, greetings)?;
        hello.kill();
        println!("  hello {:.0}/s", crowd.rate());
        bounds.push(crowd.rate());
    }
    let (ratio, spread) = ratios(&ours, &bounds);
    let most = quantile(&statements, 1.0);
    ensure!(most < 0.01, "{most} transactions per refusal");
    let detail = json!({ "requests": requests, "of_hello": spread, "transactions_per_refusal": round(most) });
    let (value, baseline) = (median(&ours), median(&bounds));
    write(
        place,
        Outcome {
            name: "sold_out",
            unit: "refusals/s",
            value,
            baseline,
            ratio,
            target: ">= 0.5 [0.3]",
            detail,
        },
    )
}

/// Transactions of the database until now; its statistics are a moment late.
fn commits(database: &Database) -> Result<f64> {
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    database
        .number("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
}
