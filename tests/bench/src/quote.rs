//! The till's quote at its largest, fifty coupons over fifty lines, beside one coupon over one line.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::api::Api;
use crate::claims::shop;
use crate::crowd::{request, send_all};
use crate::load;
use crate::place::Place;
use crate::redeem::{CASHIER, STORE, cashier_token, till};
use crate::result::{Outcome, median, quantile, ratios, round, write};
use crate::servers::Database;
use crate::tokens;

const COUPONS: u64 = 50;
/// Coupons of one group don't go together: ten each, so that there are a hundred thousand full choices.
const GROUPS: u64 = 5;
const LINES: u64 = 50;
/// Who holds fifty, and who holds one.
const RICH: u64 = 0;
const POOR: u64 = 1;

pub fn quote(place: &Place) -> Result<()> {
    let requests = place.size(2_000, 200);
    let database = shop(place, "quotes", 2, 1)?;
    database.run(&till())?;
    database.run(&coupons())?;
    let (mut ours, mut bases) = (Vec::new(), Vec::new());
    let mut tails = Vec::new();
    for _ in 0..place.pairs {
        let (large, tail) = milliseconds(place, &database, body(RICH, LINES), requests)?;
        let (small, _) = milliseconds(place, &database, body(POOR, 1), requests)?;
        println!("  {large:.2} ms, p99 {tail:.2} ms; one coupon and one line {small:.2} ms");
        ours.push(large);
        tails.push(tail);
        bases.push(small);
    }
    let (ratio, spread) = ratios(&ours, &bases);
    let detail = json!({
        "coupons": COUPONS, "groups": GROUPS, "lines": LINES, "requests": requests, "over_smallest": spread,
        "p99_ms": round(median(&tails)),
    });
    let (value, baseline) = (median(&ours), median(&bases));
    write(place, Outcome { name: "quote", unit: "ms", value, baseline, ratio, target: "< 5 ms", detail })
}

/// Of one request after the other: the median, and below what 99 of 100 are.
fn milliseconds(place: &Place, database: &Database, body: String, requests: u64) -> Result<(f64, f64)> {
    let mut api = Api::start(place, database, &[])?;
    let one = request("POST", "/v1/staff/quotes", &cashier_token()?, &body);
    send_all(api.port, 1, vec![one.clone(); 20])?;
    let crowd = send_all(api.port, 1, vec![one; requests as usize])?;
    api.process.kill();
    ensure!(crowd.count(200) == requests, "answers: {:?}", crowd.statuses);
    Ok((median(&crowd.latencies), quantile(&crowd.latencies, 0.99)))
}

fn body(member: u64, lines: u64) -> String {
    let line = |number| {
        json!({
            "product_code": format!("P{number}"), "category": format!("C{}", number % 10), "quantity": 1 + number % 3,
            "price_fen": 900 + 137 * number,
        })
    };
    let lines: Vec<_> = (0..lines).map(line).collect();
    json!({ "store_id": STORE, "scan_id": tokens::id(8, member), "lines": lines, "delivery_fen": 600 })
        .to_string()
}

/// Money off and percentages in turn, each of one of five groups, half of them for one category.
fn coupons() -> String {
    format!(
        "INSERT INTO coupon_template (id, name, kind, threshold_fen, discount_fen, pay_percent, validity, valid_days,
            all_stores, stock, taken, limit_per_member, claimable, state, stacking_group, conditions, created_at, updated_at)
        SELECT {template}, '券' || i, CASE i % 2 WHEN 0 THEN 'money_off' ELSE 'percentage' END, 1000,
            CASE i % 2 WHEN 0 THEN 200 + 17 * i END, CASE i % 2 WHEN 1 THEN 80 + i % 15 END, 'relative', 30, true, 9, 2, 2,
            true, 'published', 'g' || i % {GROUPS},
            CASE i % 4 WHEN 0 THEN '{{}}' ELSE '{{\"categories\": [\"C' || i % 10 || '\"]}}' END::jsonb, now(), now()
        FROM generate_series(0, {last}) i;
        INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source, claimed_at,
            updated_at)
        SELECT {coupon}, {template}, {rich}, 1, 'Q' || i, 'issued', now(), now() + interval '30 days', 'claim', now(), now()
        FROM generate_series(0, {last}) i;
        INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source, claimed_at,
            updated_at)
        SELECT gen_random_uuid(), {first}, {poor}, 1, 'QP', 'issued', now(), now() + interval '30 days', 'claim', now(), now();
        INSERT INTO scan (id, member_id, staff_id, store_id, purpose, step, created_at, expires_at)
        SELECT {scan}, {member}, '{CASHIER}', '{STORE}', 'till', 1, now(), now() + interval '1 day'
        FROM generate_series(0, 1) i;
        ANALYZE;",
        template = load::id(9, "i"),
        coupon = load::id(6, "i"),
        first = load::id(9, "0"),
        rich = load::id(0, &RICH.to_string()),
        poor = load::id(0, &POOR.to_string()),
        scan = load::id(8, "i"),
        member = load::id(0, "i"),
        last = COUPONS - 1,
    )
}
