//! A member signs in, and reads who they are: the project's API beside Fastify with pg.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::api::Api;
use crate::claims::shop;
use crate::crowd::{request, send_all};
use crate::load::{self, member_id};
use crate::place::Place;
use crate::result::{Outcome, median, quantile, ratios, round, write};
use crate::servers::{Database, Mock};
use crate::tokens;

const CONNECTIONS: usize = 64;

/// `GET /v1/me`, each member in turn, beside the peer's, which reads the same session and member.
pub fn member_read(place: &Place) -> Result<()> {
    let (members, requests) = (place.size(20_000, 4_000), place.size(100_000, 10_000));
    let shop = shop(place, "reads", members, 1)?;
    let reads = || -> Result<Vec<Vec<u8>>> {
        (0..requests)
            .map(|number| Ok(request("GET", "/v1/me", &tokens::of_member(number % members)?, "")))
            .collect()
    };
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..place.pairs {
        for (is_ours, rates) in [(true, &mut ours), (false, &mut peers)] {
            let mut api =
                if is_ours { Api::start(place, &shop, &[])? } else { Api::start_peer(place, &shop, None)? };
            let crowd = send_all(api.port, CONNECTIONS, reads()?)?;
            api.process.kill();
            ensure!(crowd.count(200) == requests, "answers: {:?}", crowd.statuses);
            println!("  {} {:.0} reads/s", if is_ours { "project" } else { "peer" }, crowd.rate());
            rates.push(crowd.rate());
        }
    }
    let (ratio, spread) = ratios(&ours, &peers);
    let detail =
        json!({ "requests": requests, "members": members, "over_peer": spread, "first": member_id(0) });
    let (value, baseline) = (median(&ours), median(&peers));
    write(
        place,
        Outcome {
            name: "member_read",
            unit: "reads/s",
            value,
            baseline,
            ratio,
            target: ">= 2.5 [2]",
            detail,
        },
    )
}

/// A WeChat login code becomes a session: the platform is asked, the member found by the account, session, refresh token and history are
/// written in one transaction, and a token is signed. The peer does all that, and counts no attempts.
pub fn sign_in(place: &Place) -> Result<()> {
    let (members, requests) = (place.size(20_000, 4_000), place.size(40_000, 4_000));
    let people = load::database(place, "sign_ins", members)?;
    let mock = Mock::start(place)?;
    let (mut ours, mut peers, mut tails) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..place.pairs {
        for (is_ours, rates) in [(true, &mut ours), (false, &mut peers)] {
            let database = Database::create(place, &format!("sign_ins_{pair}_{is_ours}"), Some(&people))?;
            let mut api = match is_ours {
                true => Api::start(place, &database, &at_platform(mock.port))?,
                false => Api::start_peer(place, &database, Some(mock.port))?,
            };
            let crowd = send_all(api.port, CONNECTIONS, sign_ins(members, requests))?;
            api.process.kill();
            ensure!(crowd.count(200) == requests, "answers: {:?}", crowd.statuses);
            check_sign_ins(&database, requests)?;
            println!("  {} {:.0} sign-ins/s", if is_ours { "project" } else { "peer" }, crowd.rate());
            if is_ours {
                tails.push(quantile(&crowd.latencies, 0.99));
            }
            rates.push(crowd.rate());
        }
    }
    let (ratio, spread) = ratios(&ours, &peers);
    let detail = json!({
        "requests": requests, "members": members, "over_peer": spread, "p99_ms": round(median(&tails)),
        "peer": "counts no attempts of an address",
    });
    let (value, baseline) = (median(&ours), median(&peers));
    write(
        place,
        Outcome { name: "sign_in", unit: "sign-ins/s", value, baseline, ratio, target: ">= 2 [1.3]", detail },
    )
}

/// The limit per address works and does not bind.
fn at_platform(port: u16) -> [(&'static str, String); 4] {
    [
        ("HUIKE_WECHAT_BASE_URL", format!("http://127.0.0.1:{port}")),
        ("HUIKE_WECHAT_APPID", "wxbench".to_owned()),
        ("HUIKE_WECHAT_SECRET", "bench".to_owned()),
        ("HUIKE_SIGN_IN_ATTEMPTS_PER_ADDRESS_PER_MINUTE", "1000000000".to_owned()),
    ]
}

/// The mock's openids end with the code's digits.
fn sign_ins(members: u64, requests: u64) -> Vec<Vec<u8>> {
    let body = |number| format!("{{\"code\":\"{}\"}}", number % members);
    (0..requests).map(|number| request("POST", "/v1/auth/wechat", "", &body(number))).collect()
}

/// Each has its session, its refresh token and its line of history, and nobody was enrolled.
fn check_sign_ins(database: &Database, requests: u64) -> Result<()> {
    for table in ["session", "refresh_token", "sign_in_event"] {
        let rows = database.number(&format!("SELECT count(*) FROM {table}"))? as u64;
        ensure!(rows == requests, "{rows} rows of {table} for {requests} sign-ins");
    }
    let enrolled = database.number("SELECT count(*) FROM member WHERE source <> 'bench'")?;
    ensure!(enrolled == 0.0, "{enrolled} were enrolled");
    Ok(())
}
