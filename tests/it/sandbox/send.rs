//! `subscribe/send`: the ledger, the order of the checks, and what a refused call must not do.

use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{EXPIRY, PROGRESS, Stranger, errcode, reminder};

#[tokio::test]
async fn each_accept_gives_one_send_and_then_the_user_refuses() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 43101);
    stranger.accept(&person, EXPIRY).await;
    stranger.accept(&person, EXPIRY).await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 0);
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 0);
    let refused = stranger.remind(&token, &person.openid).await;
    assert_eq!(errcode(&refused), 43101);
    assert!(refused["errmsg"].as_str().unwrap().starts_with("user refuse to accept the msg rid: "));
}

#[tokio::test]
async fn a_long_term_consent_is_not_used_up() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, PROGRESS).await;
    let message = json!({
        "touser": person.openid, "template_id": PROGRESS,
        "data": { "thing1": { "value": "挂失" }, "phrase2": { "value": "已完成" }, "time3": { "value": "15:01" } },
    });
    for _ in 0..3 {
        assert_eq!(errcode(&stranger.send(&token, message.clone()).await), 0);
    }
}

#[tokio::test]
async fn the_message_id_is_a_number_beyond_what_a_float_holds_and_can_be_left_out() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, EXPIRY).await;
    stranger.accept(&person, EXPIRY).await;
    let msgid = stranger.remind(&token, &person.openid).await["msgid"].as_u64().unwrap();
    assert!(msgid > 1 << 53);
    assert_eq!(msgid.to_string().len(), 19);
    let omit = json!({ "paths": { "/cgi-bin/message/subscribe/send": { "omit_msgid": true } } });
    stranger.control(Method::PUT, "/faults", omit).await;
    let answer = stranger.remind(&token, &person.openid).await;
    assert_eq!(answer, json!({ "errcode": 0, "errmsg": "ok" }));
}

/// Each step mends the first thing that is wrong, so the codes show the order.
#[tokio::test]
async fn the_checks_run_in_their_order_and_a_failed_call_leaves_the_consent_alone() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, EXPIRY).await;
    let account = json!({ "pages": ["pages/coupon/index"], "subscribe_banned": true });
    stranger.control(Method::PATCH, "/account", account).await;
    let mut body = json!({ "touser": "nobody", "template_id": "none", "page": "pages/none", "data": {} });
    assert_eq!(errcode(&stranger.send("", body.clone()).await), 41001);
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 40003);
    body["touser"] = json!(person.openid);
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 40037);
    body["template_id"] = json!(EXPIRY);
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 41030);
    body["page"] = json!("pages/coupon/index?from=push");
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 47003);
    body["data"] = reminder(&person.openid)["data"].clone();
    body["data"]["thing1"]["value"] = json!("敏感词样本");
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 43107);
    stranger.control(Method::PATCH, "/account", json!({ "subscribe_banned": false })).await;
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 45168);
    body["data"]["thing1"]["value"] = json!("满100减20券");
    assert_eq!(errcode(&stranger.send(&token, body.clone()).await), 0);
    assert_eq!(errcode(&stranger.send(&token, body).await), 43101);
}

#[tokio::test]
async fn two_sends_to_one_person_at_the_same_time_are_one_too_many() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, EXPIRY).await;
    stranger.accept(&person, EXPIRY).await;
    let slow = json!({ "paths": { "/cgi-bin/message/subscribe/send": { "latency_ms": 400 } } });
    stranger.control(Method::PUT, "/faults", slow).await;
    let send = || stranger.remind(&token, &person.openid);
    let (first, second) = tokio::join!(send(), send());
    let mut codes = [errcode(&first), errcode(&second)];
    codes.sort_unstable();
    assert_eq!(codes, [0, 43108]);
    assert_eq!(errcode(&send().await), 0);
}

#[tokio::test]
async fn a_banned_template_a_cancelled_consent_and_the_main_switch_stop_sends() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, EXPIRY).await;
    stranger.control(Method::PUT, &format!("/templates/{EXPIRY}/ban"), json!({ "banned": true })).await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 43107);
    stranger.control(Method::PUT, &format!("/templates/{EXPIRY}/ban"), json!({ "banned": false })).await;
    let switch = format!("/people/{}/main-switch", person.id);
    stranger.control(Method::PUT, &switch, json!({ "on": false })).await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 43101);
    stranger.control(Method::PUT, &switch, json!({ "on": true })).await;
    let cancel = format!("/people/{}/subscriptions/{EXPIRY}/cancel", person.id);
    stranger.control(Method::POST, &cancel, Value::Null).await;
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 43101);
}

#[tokio::test]
async fn what_was_sent_lies_on_the_phone_with_its_title_and_its_lines() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, EXPIRY).await;
    let msgid = stranger.remind(&token, &person.openid).await["msgid"].as_u64().unwrap();
    let messages = stranger.look(&format!("/people/{}/messages", person.openid)).await;
    let message = &messages["messages"][0];
    assert_eq!(message["kind"], "service_notification");
    assert_eq!(message["title"], "优惠券到期提醒");
    assert_eq!(message["msgid"], json!(msgid.to_string()));
    assert_eq!(message["page"], "pages/coupon/index?from=push");
    assert_eq!(message["lines"][0], json!({ "label": "优惠券名称", "value": "满100减20券" }));
    assert_eq!(message["data"], reminder("")["data"]);
}
