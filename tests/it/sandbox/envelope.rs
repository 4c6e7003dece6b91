//! Methods, bodies, request ids, pictures and the content check.

use reqwest::Method;
use serde_json::json;

use super::stranger::{Stranger, errcode, reminder};

#[tokio::test]
async fn a_wrong_method_an_empty_body_and_broken_json_have_codes_of_their_own() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let path = format!("/cgi-bin/message/subscribe/send?access_token={token}");
    assert_eq!(errcode(&stranger.get(&path).await), 43002);
    assert_eq!(errcode(&stranger.post("/cgi-bin/token", json!({})).await), 43001);
    let raw = async |body: &'static str| {
        let answer = stranger.http.post(stranger.url(&path)).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        errcode(&answer.json().await.unwrap())
    };
    assert_eq!(raw("").await, 44002);
    assert_eq!(raw("{\"touser\":").await, 47001);
}

#[tokio::test]
async fn a_request_id_can_be_looked_up_for_seven_days() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    let refused = stranger.send(&token, reminder("nobody")).await;
    let rid = refused["errmsg"].as_str().unwrap().rsplit_once("rid: ").unwrap().1.to_owned();
    let ask = async |rid: &str| {
        let path = format!("/cgi-bin/openapi/rid/get?access_token={}", stranger.token().await);
        stranger.post(&path, json!({ "rid": rid })).await
    };
    let found = ask(&rid).await;
    assert!(found["request"]["response_body"].as_str().unwrap().contains("40003"));
    assert_eq!(errcode(&ask("nonsense").await), 76002);
    assert_eq!(errcode(&ask("00000000-00000000-00000000").await), 76001);
    stranger.advance(8 * 24 * 3600).await;
    assert_eq!(errcode(&ask(&rid).await), 76004);
}

#[tokio::test]
async fn a_mini_program_code_is_a_picture_that_carries_its_scene() {
    let stranger = Stranger::start().await;
    let url = stranger.url(&format!("/wxa/getwxacodeunlimit?access_token={}", stranger.token().await));
    let draw = async |body| stranger.http.post(&url).json(&body).send().await.unwrap();
    let answer = draw(json!({ "scene": "s=8&c=42", "page": "pages/index/index" })).await;
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(&bytes[..2], &[0xff, 0xd8]);
    assert!(bytes.windows(8).any(|window| window == b"s=8&c=42"));
    let code = async |body| errcode(&draw(body).await.json().await.unwrap());
    assert_eq!(code(json!({ "scene": "a".repeat(33) })).await, 40169);
    assert_eq!(code(json!({ "scene": "店" })).await, 40129);
    assert_eq!(code(json!({ "scene": "a", "page": "/pages/index" })).await, 41030);
    assert_eq!(code(json!({ "scene": "a", "scancode_time": 1 })).await, 85096);
}

#[tokio::test]
async fn fixed_codes_end_at_their_cap_and_links_at_thirty_days() {
    let stranger = Stranger::start().await;
    let token = stranger.token().await;
    stranger.control(Method::PATCH, "/account", json!({ "fixed_code_cap": 1 })).await;
    let fixed = stranger.url(&format!("/wxa/getwxacode?access_token={token}"));
    let draw = || stranger.http.post(&fixed).json(&json!({ "path": "pages/index/index?a=1" })).send();
    assert_eq!(draw().await.unwrap().headers()["content-type"], "image/jpeg");
    assert_eq!(errcode(&draw().await.unwrap().json().await.unwrap()), 45029);
    let link = format!("/wxa/generate_urllink?access_token={token}");
    let days =
        async |days: i64| stranger.post(&link, json!({ "expire_type": 1, "expire_interval": days })).await;
    assert!(days(30).await["url_link"].as_str().unwrap().starts_with("https://"));
    assert_eq!(errcode(&days(31).await), 85401);
}

#[tokio::test]
async fn the_content_check_judges_by_words_and_wants_a_recent_visit() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let check = async |content: &str| {
        let path = format!("/wxa/msg_sec_check?access_token={}", stranger.token().await);
        let body = json!({ "version": 2, "openid": person.openid, "scene": 2, "content": content });
        stranger.post(&path, body).await
    };
    assert_eq!(errcode(&check("你好").await), 61010);
    let code = stranger.login_code(&person).await;
    stranger.log_in(&code).await;
    assert_eq!(check("你好").await["result"]["suggest"], "pass");
    assert_eq!(check("一段违规样本").await["result"]["suggest"], "risky");
    assert_eq!(check("一段疑似样本").await["result"]["suggest"], "review");
    stranger.advance(2 * 3600 + 1).await;
    assert_eq!(errcode(&check("你好").await), 61010);
}
