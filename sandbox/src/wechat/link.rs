//! URL links and schemes: at most thirty days, at least a minute.

use chrono::Duration;
use serde_json::{Value, json};

use crate::clock::from_unix_seconds;
use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, ok, text};

const LONGEST_DAYS: i64 = 30;
const SHORTEST: Duration = Duration::minutes(1);
const QUERY_CHARACTERS: usize = 1024;

pub(crate) fn url_link(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    check_target(&body)?;
    check_expiry(desk, &body)?;
    let mut answer = ok();
    answer["url_link"] = json!(format!("https://wxaurl.cn/{}", desk.world.dice.letters(11)));
    Ok(Answer::Json(answer))
}

pub(crate) fn scheme(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    check_target(&body["jump_wxa"])?;
    check_expiry(desk, &body)?;
    let mut answer = ok();
    answer["openlink"] = json!(format!("weixin://dl/business/?t={}", desk.world.dice.letters(11)));
    Ok(Answer::Json(answer))
}

fn check_target(target: &Value) -> Result<(), Refusal> {
    if text(target, "path").contains('?') {
        return Err(Refusal::new(40165, "invalid weapp pagepath"));
    }
    if text(target, "query").chars().count() > QUERY_CHARACTERS {
        return Err(Refusal::new(40212, "invalid query"));
    }
    match target["env_version"].as_str() {
        None | Some("release" | "trial" | "develop") => Ok(()),
        Some(_) => Err(Refusal::new(85402, "env_version is invalid")),
    }
}

/// Type 0 names a moment in seconds, type 1 a number of days.
fn check_expiry(desk: &Desk<'_>, body: &Value) -> Result<(), Refusal> {
    let longest = Duration::days(LONGEST_DAYS);
    let fits = match body["expire_type"].as_i64().unwrap_or(0) {
        1 => body["expire_interval"].as_i64().is_some_and(|days| (1..=LONGEST_DAYS).contains(&days)),
        _ => match body["expire_time"].as_i64() {
            None | Some(0) => true,
            Some(seconds) => from_unix_seconds(seconds)
                .is_some_and(|at| at - desk.now >= SHORTEST && at - desk.now <= longest),
        },
    };
    if fits { Ok(()) } else { Err(Refusal::new(85401, "time limit between 1min and 30 days")) }
}

pub(crate) fn domain_addresses(_: &Desk<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::Json(json!({ "ip_list": ["127.0.0.1"] })))
}
