//! Callbacks: the verified address, the three modes, the shapes of the events, and the tries.

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::receiver::{Arrived, Receiver, settled};
use super::stranger::{APPID, EXPIRY, Stranger};

const TOKEN: &str = "callback-token";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const POINTS: &str = "TMPL_POINTS_CHANGE_00000000000000000000000C";

async fn configured(mode: &str, format: &str, script: &[(u16, &str)]) -> (Stranger, Receiver) {
    let stranger = Stranger::start().await;
    let receiver = Receiver::answering(script).await;
    let target =
        json!({ "url": receiver.url, "token": TOKEN, "aes_key": AES_KEY, "mode": mode, "format": format });
    stranger.control(Method::PUT, "/callback", json!({ "target": target })).await;
    (stranger, receiver)
}

fn seal(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    hex::encode(Sha1::digest(sorted.concat().as_bytes()))
}

fn signature_holds(arrived: &Arrived) -> bool {
    let query = &arrived.query;
    query["signature"] == seal(&[TOKEN, &query["timestamp"], &query["nonce"]])
}

/// The receiving half of the documented algorithm: 32-byte padding, length in front, appid behind.
fn opened(encrypt: &str) -> (String, String) {
    let padded = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let key = padded.decode(format!("{AES_KEY}=")).unwrap();
    let mut bytes = STANDARD.decode(encrypt).unwrap();
    assert_eq!(bytes.len() % 32, 0);
    let plain = cbc::Decryptor::<Aes256>::new_from_slices(&key, &key[..16])
        .unwrap()
        .decrypt_padded::<NoPadding>(&mut bytes)
        .unwrap();
    let padding = usize::from(*plain.last().unwrap());
    let plain = &plain[..plain.len() - padding];
    let length = u32::from_be_bytes(plain[16..20].try_into().unwrap()) as usize;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&plain[20..20 + length]), text(&plain[20 + length..]))
}

#[tokio::test]
async fn an_address_that_does_not_echo_is_not_taken() {
    let stranger = Stranger::start().await;
    let target = json!({ "url": stranger.url("/nowhere"), "token": TOKEN });
    let url = stranger.url("/sandbox/api/callback");
    let answer = stranger.http.put(url).json(&json!({ "target": target })).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    assert_eq!(stranger.look("/callback").await, json!({ "configured": false }));
}

#[tokio::test]
async fn a_prompt_of_several_templates_pushes_one_event_with_an_array_and_of_one_an_object() {
    let (stranger, receiver) = configured("plain", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    let wish = json!({ "template_ids": [EXPIRY, POINTS], "answers": { EXPIRY: "accept" } });
    stranger.control(Method::POST, &format!("/people/{}/prompts", person.id), wish).await;
    let pushed = receiver.wait_for(1).await;
    assert!(signature_holds(&pushed[0]));
    assert_eq!(pushed[0].query["openid"], person.openid);
    let event: Value = serde_json::from_str(&pushed[0].body).unwrap();
    assert_eq!(event["Event"], "subscribe_msg_popup_event");
    assert_eq!(event["CreateTime"], "1754625600");
    assert_eq!(event["FromUserName"], json!(person.openid));
    let accepted = json!({ "TemplateId": EXPIRY, "SubscribeStatusString": "accept", "PopupScene": "0" });
    let rejected = json!({ "TemplateId": POINTS, "SubscribeStatusString": "reject", "PopupScene": "0" });
    assert_eq!(event["List"], json!([accepted, rejected]));
    stranger.accept(&person, EXPIRY).await;
    let event: Value = serde_json::from_str(&receiver.wait_for(2).await[1].body).unwrap();
    assert_eq!(event["List"], accepted);
}

#[tokio::test]
async fn a_send_is_followed_by_its_result_with_numbers_as_strings() {
    let (stranger, receiver) = configured("plain", "json", &[(200, "")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    receiver.wait_for(1).await;
    let msgid = stranger.remind(&stranger.token().await, &person.openid).await["msgid"].as_u64().unwrap();
    let event: Value = serde_json::from_str(&receiver.wait_for(2).await[1].body).unwrap();
    assert_eq!(event["Event"], "subscribe_msg_sent_event");
    let expected = json!({ "TemplateId": EXPIRY, "MsgID": msgid.to_string(), "ErrorCode": "0", "ErrorStatus": "success" });
    assert_eq!(event["List"], expected);
}

#[tokio::test]
async fn a_safe_push_is_sealed_and_opens_to_the_event_and_our_appid() {
    let (stranger, receiver) = configured("safe", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    let push = receiver.wait_for(1).await.remove(0);
    let body: Value = serde_json::from_str(&push.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 2);
    let encrypt = body["Encrypt"].as_str().unwrap();
    assert_eq!(push.query["encrypt_type"], "aes");
    let expected = seal(&[TOKEN, &push.query["timestamp"], &push.query["nonce"], encrypt]);
    assert_eq!(push.query["msg_signature"], expected);
    let (message, appid) = opened(encrypt);
    assert_eq!(appid, APPID);
    let event: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(event["FromUserName"], json!(person.openid));
}

#[tokio::test]
async fn a_compatible_push_has_the_plain_fields_and_the_cipher() {
    let (stranger, receiver) = configured("compatible", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    let push = receiver.wait_for(1).await.remove(0);
    let mut body: Value = serde_json::from_str(&push.body).unwrap();
    let (message, _) = opened(body["Encrypt"].take().as_str().unwrap());
    body.as_object_mut().unwrap().remove("Encrypt");
    assert_eq!(body, serde_json::from_str::<Value>(&message).unwrap());
}

#[tokio::test]
async fn an_xml_push_wraps_its_items() {
    let (stranger, receiver) = configured("plain", "xml", &[(200, "success")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    let cancel = format!("/people/{}/subscriptions/{EXPIRY}/cancel", person.id);
    stranger.control(Method::POST, &cancel, Value::Null).await;
    let pushed = receiver.wait_for(2).await;
    let body = &pushed.iter().find(|push| push.body.contains("change_event")).unwrap().body;
    assert!(body.starts_with("<xml><ToUserName><![CDATA[gh_5a6db0c02025]]></ToUserName>"), "{body}");
    let items = format!(
        "<SubscribeMsgChangeEvent><List><TemplateId><![CDATA[{EXPIRY}]]></TemplateId>\
         <SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString></List></SubscribeMsgChangeEvent></xml>"
    );
    assert!(body.ends_with(&items), "{body}");
}

#[tokio::test]
async fn a_push_that_is_not_taken_comes_three_times_with_the_same_content() {
    let (stranger, receiver) = configured("plain", "json", &[(500, ""), (200, "what"), (503, "")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    let pushed = receiver.wait_for(3).await;
    settled(&stranger).await;
    assert_eq!(receiver.arrived().len(), 3);
    assert!(pushed.iter().all(|push| push.body == pushed[0].body && signature_holds(push)));
    let counters = stranger.look("/counters").await;
    assert_eq!(counters["callbacks"]["failed"], 1);
    assert_eq!(counters["callbacks"]["attempts"], 3);
}

#[tokio::test]
async fn pushes_are_lost_doubled_forged_and_delayed_as_told() {
    let (stranger, receiver) = configured("plain", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    let knob =
        async |knob: Value| stranger.control(Method::PUT, "/faults", json!({ "callbacks": knob })).await;
    knob(json!({ "lost_rate": 1.0 })).await;
    stranger.accept(&person, EXPIRY).await;
    knob(json!({ "duplicate_rate": 1.0 })).await;
    stranger.accept(&person, EXPIRY).await;
    let doubled = receiver.wait_for(2).await;
    assert_eq!(doubled[0].body, doubled[1].body);
    knob(json!({ "bad_signature_rate": 1.0 })).await;
    stranger.accept(&person, EXPIRY).await;
    assert!(!signature_holds(&receiver.wait_for(3).await[2]));
    // One that has arrived is on its way until the sandbox has read the answer.
    settled(&stranger).await;
    knob(json!({ "delay_ms": 60_000 })).await;
    stranger.accept(&person, EXPIRY).await;
    assert_eq!(stranger.look("/pending").await["callbacks"], 1);
    assert_eq!(receiver.arrived().len(), 3);
    stranger.advance(60).await;
    receiver.wait_for(4).await;
}

#[tokio::test]
async fn a_result_can_come_before_the_answer_and_can_tell_of_a_failure() {
    let (stranger, receiver) = configured("plain", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    stranger.accept(&person, EXPIRY).await;
    receiver.wait_for(1).await;
    let knobs = json!({ "callbacks": { "before_response": true, "failed_rate": 1.0 } });
    stranger.control(Method::PUT, "/faults", knobs).await;
    stranger.remind(&stranger.token().await, &person.openid).await;
    let event: Value = serde_json::from_str(&receiver.arrived()[1].body).unwrap();
    assert_ne!(event["List"]["ErrorCode"], "0");
    let messages = stranger.look(&format!("/people/{}/messages", person.id)).await;
    assert_eq!(messages["messages"], json!([]));
}

#[tokio::test]
async fn withdrawals_punishments_and_strangers_are_pushed_on_demand() {
    let (stranger, receiver) = configured("plain", "json", &[(200, "success")]).await;
    let person = stranger.person().await;
    let push = async |wish: Value| stranger.control(Method::POST, "/pushes", wish).await;
    push(json!({ "kind": "user_authorization_revoke", "person": person.id })).await;
    let event: Value = serde_json::from_str(&receiver.wait_for(1).await[0].body).unwrap();
    assert_eq!(event["OpenID"], json!(person.openid));
    assert_ne!(event["FromUserName"], json!(person.openid));
    assert_eq!(event["RevokeInfo"], "8");
    assert_eq!(event["CreateTime"], 1_754_625_600);
    push(json!({ "kind": "wxa_punish_event", "event_type": 2, "reason": "诱导订阅" })).await;
    let event: Value = serde_json::from_str(&receiver.wait_for(2).await[1].body).unwrap();
    assert_eq!(event["event_type"], 2);
    push(json!({ "kind": "stranger", "person": person.id })).await;
    assert!(!signature_holds(&receiver.wait_for(3).await[2]));
}
