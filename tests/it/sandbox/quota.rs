//! Daily and per-minute limits, and the ten clears of a month.

use reqwest::Method;
use serde_json::json;

use super::stranger::{APPID, EXPIRY, SECRET, Stranger, errcode};

const SEND: &str = "/cgi-bin/message/subscribe/send";

#[tokio::test]
async fn a_used_up_day_answers_45009_until_midnight_in_beijing_and_spends_no_consent() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    stranger.control(Method::PUT, "/quota", json!({ "path": SEND, "daily_limit": 5, "used": 5 })).await;
    let token = stranger.token().await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 45009);
    stranger.advance(12 * 3600).await;
    let token = stranger.token().await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 0);
}

#[tokio::test]
async fn a_full_minute_answers_45011_until_the_next_one() {
    let stranger = Stranger::start().await;
    stranger
        .control(
            Method::PUT,
            "/quota",
            json!({ "path": "/wxaapi/newtmpl/gettemplate", "per_minute_limit": 1 }),
        )
        .await;
    let path = format!("/wxaapi/newtmpl/gettemplate?access_token={}", stranger.token().await);
    assert_eq!(errcode(&stranger.get(&path).await), 0);
    assert_eq!(errcode(&stranger.get(&path).await), 45011);
    stranger.advance(60).await;
    assert_eq!(errcode(&stranger.get(&path).await), 0);
}

#[tokio::test]
async fn the_quota_of_a_path_can_be_read_but_not_that_of_sns_or_of_nothing() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let ask = async |path: &str| {
        let url = format!("/cgi-bin/openapi/quota/get?access_token={token}");
        stranger.post(&url, json!({ "cgi_path": path })).await
    };
    stranger.control(Method::PUT, "/quota", json!({ "path": SEND, "daily_limit": 100, "used": 40 })).await;
    let answer = ask(SEND).await;
    assert_eq!(answer["quota"], json!({ "daily_limit": 100, "used": 40, "remain": 60 }));
    assert_eq!(errcode(&ask("/sns/jscode2session").await), 76022);
    assert_eq!(errcode(&ask("/cgi-bin/nothing").await), 76021);
}

#[tokio::test]
async fn both_ways_to_clear_share_ten_a_month() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    let second = format!("/cgi-bin/clear_quota/v2?appid={APPID}&appsecret={SECRET}");
    for _ in 0..5 {
        assert_eq!(errcode(&stranger.post(&clear, json!({ "appid": APPID })).await), 0);
        assert_eq!(errcode(&stranger.post(&second, json!({})).await), 0);
    }
    assert_eq!(errcode(&stranger.post(&clear, json!({ "appid": APPID })).await), 48006);
    stranger.advance(31 * 24 * 3600).await;
    assert_eq!(errcode(&stranger.post(&second, json!({})).await), 0);
}
