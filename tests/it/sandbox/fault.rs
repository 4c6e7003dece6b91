//! The fault knobs.

use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{EXPIRY, Stranger, errcode, reminder};

const SEND: &str = "/cgi-bin/message/subscribe/send";

async fn turn(stranger: &Stranger, knobs: Value) {
    stranger.control(Method::PUT, "/faults", json!({ "paths": { SEND: knobs } })).await;
}

async fn prepared() -> (Stranger, String, String) {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    let token = stranger.token().await;
    (stranger, token, person.openid)
}

async fn raw(stranger: &Stranger, token: &str, openid: &str) -> reqwest::Result<reqwest::Response> {
    let url = stranger.url(&format!("{SEND}?access_token={token}"));
    stranger.http.post(url).json(&reminder(openid)).send().await
}

#[tokio::test]
async fn a_refusal_a_bad_gateway_and_a_reset_happen_before_any_effect() {
    let (stranger, token, openid) = prepared().await;
    turn(&stranger, json!({ "error_rate": 1.0 })).await;
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), -1);
    turn(&stranger, json!({ "http_500_rate": 1.0 })).await;
    let page = raw(&stranger, &token, &openid).await.unwrap();
    assert_eq!(page.status(), 502);
    assert!(page.text().await.unwrap().starts_with("<html>"));
    turn(&stranger, json!({ "reset_rate": 1.0 })).await;
    assert!(raw(&stranger, &token, &openid).await.is_err());
    turn(&stranger, json!({})).await;
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), 0);
}

#[tokio::test]
async fn a_time_out_after_the_effect_leaves_the_message_on_the_phone() {
    let (stranger, token, openid) = prepared().await;
    turn(&stranger, json!({ "timeout_after_effect_rate": 1.0, "hang_ms": 1 })).await;
    assert!(raw(&stranger, &token, &openid).await.is_err());
    let messages = stranger.look(&format!("/people/{openid}/messages")).await;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 1);
    turn(&stranger, json!({})).await;
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), 43101);
}

#[tokio::test]
async fn a_throttle_lets_so_many_through_a_minute() {
    let (stranger, token, openid) = prepared().await;
    turn(&stranger, json!({ "throttle_per_minute": 1 })).await;
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), 0);
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), 45011);
    stranger.advance(60).await;
    assert_eq!(errcode(&stranger.remind(&token, &openid).await), 43101);
}

#[tokio::test]
async fn the_counters_tell_requests_acceptances_and_refusals_apart() {
    let (stranger, token, openid) = prepared().await;
    stranger.remind(&token, &openid).await;
    stranger.remind(&token, &openid).await;
    let counters = stranger.look("/counters").await;
    assert_eq!(counters["requests"][SEND], 2);
    assert_eq!(counters["sends"]["accepted"], 1);
    assert_eq!(counters["refused"][SEND]["43101"], 1);
    assert_eq!(counters["messages"]["service_notification"], 1);
    assert_eq!(counters["duplicates"], 0);
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let (stranger, token, _) = prepared().await;
    stranger.control(Method::POST, "/reset", Value::Null).await;
    assert_eq!(stranger.look("/people").await["total"], 0);
    assert_eq!(
        errcode(&stranger.get(&format!("/wxaapi/newtmpl/gettemplate?access_token={token}")).await),
        40001
    );
}

#[tokio::test]
async fn a_refusal_by_code_hits_a_template_or_always_the_same_share_of_the_people() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let mut people = Vec::new();
    for _ in 0..40 {
        let person = stranger.person().await;
        stranger.accept(&person, EXPIRY).await;
        people.push(person.openid);
    }
    turn(&stranger, json!({ "refusals": [{ "code": "40037", "template": "another" }] })).await;
    assert_eq!(errcode(&stranger.remind(&token, &people[0]).await), 0);
    turn(&stranger, json!({ "refusals": [{ "code": "43107", "template": EXPIRY }] })).await;
    assert_eq!(errcode(&stranger.remind(&token, &people[1]).await), 43107);
    turn(&stranger, json!({ "refusals": [{ "code": "47003", "people_rate": 0.5 }] })).await;
    let mut first = Vec::new();
    let mut second = Vec::new();
    for openid in &people {
        first.push(errcode(&stranger.remind(&token, openid).await) == 47003);
        second.push(errcode(&stranger.remind(&token, openid).await) == 47003);
    }
    assert_eq!(first, second);
    let refused = first.iter().filter(|refused| **refused).count();
    assert!((8..=32).contains(&refused), "{refused} of 40");
}

#[tokio::test]
async fn too_many_requests_come_back_with_a_time_to_wait() {
    let (stranger, token, openid) = prepared().await;
    turn(&stranger, json!({ "http_429_rate": 1.0, "retry_after_seconds": 7 })).await;
    let answer = raw(&stranger, &token, &openid).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
}
