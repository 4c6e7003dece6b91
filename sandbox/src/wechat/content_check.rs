//! `msg_sec_check` version 2: word lists decide between risky, review and pass.

use chrono::Duration;
use serde_json::json;

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, text};

const LONGEST: usize = 2_500;
/// The platform only judges what somebody wrote who was there lately.
const VISIT_WITHIN: Duration = Duration::hours(2);
const NORMAL: u32 = 100;
const ADVERTISING: u32 = 10_001;
const OTHER: u32 = 21_000;

pub(crate) fn check_text(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let content = text(&body, "content");
    if content.is_empty() || content.chars().count() > LONGEST || body["version"].as_i64() != Some(2) {
        return Err(Refusal::new(40097, "invalid args"));
    }
    let person = desk.world.people.by_openid(text(&body, "openid"));
    let person = person.ok_or_else(|| Refusal::new(40003, "invalid openid"))?;
    let visited = person.own().last_visit.is_some_and(|at| desk.now - at <= VISIT_WITHIN);
    if !visited {
        return Err(Refusal::new(61010, "code is expired"));
    }
    let account = desk.world.account.snapshot();
    let says = |words: &[String]| words.iter().find(|word| content.contains(word.as_str())).cloned();
    let (suggest, label, keyword) = match (says(&account.risky_words), says(&account.review_words)) {
        (Some(word), _) => ("risky", OTHER, Some(word)),
        (None, Some(word)) => ("review", ADVERTISING, Some(word)),
        (None, None) => ("pass", NORMAL, None),
    };
    let mut detail =
        json!({ "strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90 });
    if let Some(keyword) = keyword {
        detail["keyword"] = json!(keyword);
    }
    Ok(Answer::Json(json!({
        "errcode": 0, "errmsg": "ok", "trace_id": desk.world.dice.hex(32),
        "result": { "suggest": suggest, "label": label }, "detail": [detail],
    })))
}
