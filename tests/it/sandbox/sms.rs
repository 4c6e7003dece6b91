//! Tencent's and Aliyun's SMS, signed the way their documents say.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::receiver::Receiver;
use super::stranger::{Stranger, noon};

const SIGN: &str = "惠客会员";

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

fn hashed(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// `SendSms` of Tencent with a TC3 signature by `secret` at `now`.
async fn tencent(stranger: &Stranger, body: Value, (secret, now): (&str, DateTime<Utc>)) -> Value {
    let body = body.to_string();
    let host = stranger.sandbox.address().to_string();
    let scope = format!("{}/sms/tc3_request", now.format("%Y-%m-%d"));
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{}",
        hashed(&body)
    );
    let to_sign = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{}", now.timestamp(), hashed(&canonical));
    let key = hmac(format!("TC3{secret}").as_bytes(), &now.format("%Y-%m-%d").to_string());
    let key = hmac(&hmac(&key, "sms"), "tc3_request");
    let signature = hex::encode(hmac(&key, &to_sign));
    let id = "AKIDsandboxsandboxsandboxsandbox0001";
    let request = stranger
        .http
        .post(stranger.url("/"))
        .header("content-type", "application/json")
        .header("x-tc-action", "SendSms")
        .header("x-tc-version", "2021-01-11")
        .header("x-tc-region", "ap-guangzhou")
        .header("x-tc-timestamp", now.timestamp().to_string())
        .header(
            "authorization",
            format!("TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"),
        );
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json::<Value>().await.unwrap()["Response"].clone()
}

const TENCENT_SECRET: &str = "sandboxSecretKeyOfTencentCloud01";

fn code_to(numbers: &[&str]) -> Value {
    json!({
        "PhoneNumberSet": numbers, "SmsSdkAppId": "1400000001", "TemplateId": "1400101", "SignName": SIGN,
        "TemplateParamSet": ["482913", "5"], "SessionContext": "ctx-1",
    })
}

async fn status(stranger: &Stranger, body: Value, now: DateTime<Utc>) -> String {
    let answer = tencent(stranger, body, (TENCENT_SECRET, now)).await;
    answer["SendStatusSet"][0]["Code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn tencent_sends_a_code_to_each_number_and_says_which_failed() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let number = format!("+86{}", person.phone);
    let answer = tencent(&stranger, code_to(&[&number, "12"]), (TENCENT_SECRET, noon())).await;
    let rows = answer["SendStatusSet"].as_array().unwrap();
    assert_eq!(rows[0]["Code"], "Ok");
    assert_eq!(rows[0]["PhoneNumber"], json!(number));
    assert_eq!(rows[0]["SessionContext"], "ctx-1");
    assert_eq!(rows[1]["Code"], "InvalidParameterValue.IncorrectPhoneNumber");
    let messages = stranger.look(&format!("/people/{}/messages", person.id)).await;
    let text = messages["messages"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("【惠客会员】482913为您的登录验证码"), "{text}");
}

#[tokio::test]
async fn tencent_refuses_a_wrong_signature_an_old_one_and_too_many_numbers() {
    let stranger = Stranger::start().await;
    let error = async |body: Value, key: (&str, DateTime<Utc>)| {
        tencent(&stranger, body, key).await["Error"]["Code"].as_str().unwrap().to_owned()
    };
    let body = code_to(&["13800000001"]);
    assert_eq!(error(body.clone(), ("wrong", noon())).await, "AuthFailure.SignatureFailure");
    let old = noon() - chrono::Duration::seconds(301);
    assert_eq!(error(body, (TENCENT_SECRET, old)).await, "AuthFailure.SignatureExpire");
    let many: Vec<String> = (0..201).map(|n| format!("138{n:08}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let key = (TENCENT_SECRET, noon());
    assert_eq!(error(code_to(&many), key).await, "LimitExceeded.PhoneNumberCountLimit");
    assert_eq!(error(code_to(&[]), key).await, "MissingParameter.EmptyPhoneNumberSet");
    let mixed = code_to(&["+8613800000001", "+85291234567"]);
    let expected = "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber";
    assert_eq!(error(mixed, key).await, expected);
}

#[tokio::test]
async fn tencent_checks_template_signature_values_hours_and_frequency() {
    let stranger = Stranger::start().await;
    let with = |name: &str, value: Value| {
        let mut body = code_to(&["13800000002"]);
        body[name] = value;
        body
    };
    let at_noon = async |body: Value| status(&stranger, body, noon()).await;
    assert_eq!(
        at_noon(with("SignName", json!("别家"))).await,
        "FailedOperation.SignatureIncorrectOrUnapproved"
    );
    assert_eq!(at_noon(with("TemplateId", json!("9"))).await, "FailedOperation.TemplateUnapprovedOrNotExist");
    let few = with("TemplateParamSet", json!(["1"]));
    assert_eq!(at_noon(few).await, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate");
    let word = with("TemplateParamSet", json!(["abcdef", "5"]));
    assert_eq!(at_noon(word).await, "InvalidParameterValue.TemplateParameterFormatError");
    assert_eq!(at_noon(code_to(&["13800000002"])).await, "Ok");
    assert_eq!(at_noon(code_to(&["13800000002"])).await, "LimitExceeded.PhoneNumberThirtySecondLimit");
    stranger.advance(10 * 3600 - 1).await;
    let mut marketing = with("TemplateId", json!("1400103"));
    marketing["TemplateParamSet"] = json!(["南山店"]);
    let evening = noon() + chrono::Duration::seconds(10 * 3600 - 1);
    assert_eq!(status(&stranger, marketing.clone(), evening).await, "Ok");
    stranger.advance(1).await;
    let night = evening + chrono::Duration::seconds(1);
    assert_eq!(status(&stranger, marketing, night).await, "FailedOperation.MarketingSendTimeConstraint");
}

#[tokio::test]
async fn tencent_reports_in_arrays_hears_replies_as_objects_and_black_lists_an_r() {
    let stranger = Stranger::start().await;
    let receiver = Receiver::answering(&[(500, ""), (200, r#"{"result":0,"errmsg":"OK"}"#)]).await;
    stranger.control(Method::PUT, "/sms-callbacks", json!({ "tencent": receiver.url })).await;
    let person = stranger.person().await;
    assert_eq!(status(&stranger, code_to(&[&person.phone]), noon()).await, "Ok");
    let pushed = receiver.wait_for(2).await;
    assert_eq!(pushed[0].body, pushed[1].body);
    let report: Value = serde_json::from_str(&pushed[1].body).unwrap();
    assert_eq!(report[0]["report_status"], "SUCCESS");
    assert_eq!(report[0]["ext"], "ctx-1");
    assert_eq!(report[0]["user_receive_time"], "2025-08-08 12:00:01");
    let path = format!("/people/{}/sms-replies", person.id);
    let answered = stranger.control(Method::POST, &path, json!({ "text": "r" })).await;
    assert_eq!(answered, json!({ "provider": "tencent", "blacklisted": true }));
    let reply: Value = serde_json::from_str(&receiver.wait_for(3).await[2].body).unwrap();
    assert_eq!(reply["mobile"], json!(person.phone));
    assert_eq!(reply["text"], "r");
    let refused = status(&stranger, code_to(&[&person.phone]), noon()).await;
    assert_eq!(refused, "FailedOperation.PhoneNumberInBlacklist");
}

const ALIYUN_ID: &str = "LTAI5tSandboxSandbox0001";
const ALIYUN_SECRET: &str = "sandboxAccessKeySecret00000001";

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn canonical(parameters: &BTreeMap<&str, &str>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    pairs.join("&")
}

/// One call with the third signature version; parameters travel in the query.
async fn aliyun(stranger: &Stranger, action: &str, parameters: &[(&str, &str)], nonce: &str) -> (u16, Value) {
    let query = canonical(&parameters.iter().copied().collect());
    let payload = hashed("");
    let host = stranger.sandbox.address().to_string();
    let date = noon().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let headers = [
        ("host", host.as_str()),
        ("x-acs-action", action),
        ("x-acs-content-sha256", &payload),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", nonce),
        ("x-acs-version", "2017-05-25"),
    ];
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let names = headers.map(|(name, _)| name).join(";");
    let request = format!("POST\n/\n{query}\n{lines}\n{names}\n{payload}");
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hashed(&request));
    let signature = hex::encode(hmac(ALIYUN_SECRET.as_bytes(), &to_sign));
    let authorization =
        format!("ACS3-HMAC-SHA256 Credential={ALIYUN_ID},SignedHeaders={names},Signature={signature}");
    let mut call =
        stranger.http.post(stranger.url(&format!("/?{query}"))).header("authorization", authorization);
    for (name, value) in &headers[1..] {
        call = call.header(*name, *value);
    }
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn aliyun_sends_reports_and_tells_the_details() {
    let stranger = Stranger::start().await;
    let receiver = Receiver::answering(&[(200, "nonsense"), (200, r#"{"code":0,"msg":"ok"}"#)]).await;
    let receivers = json!({ "aliyun_report": receiver.url, "aliyun_reply": receiver.url });
    stranger.control(Method::PUT, "/sms-callbacks", receivers).await;
    let person = stranger.person().await;
    let parameters = [
        ("PhoneNumbers", person.phone.as_str()),
        ("SignName", SIGN),
        ("TemplateCode", "SMS_400000101"),
        ("TemplateParam", r#"{"code":"482913"}"#),
        ("OutId", "out-7"),
    ];
    let (status, sent) = aliyun(&stranger, "SendSms", &parameters, "n1").await;
    assert_eq!((status, &sent["Code"]), (200, &json!("OK")));
    receiver.wait_for(1).await;
    stranger.advance(60).await;
    let report: Value = serde_json::from_str(&receiver.wait_for(2).await[1].body).unwrap();
    assert_eq!(report[0]["biz_id"], sent["BizId"]);
    assert_eq!(report[0]["out_id"], "out-7");
    assert_eq!(report[0]["success"], true);
    let query = [
        ("PhoneNumber", person.phone.as_str()),
        ("SendDate", "20250808"),
        ("PageSize", "10"),
        ("CurrentPage", "1"),
    ];
    let (_, details) = aliyun(&stranger, "QuerySendDetails", &query, "n2").await;
    let row = &details["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0];
    assert_eq!(row["SendStatus"], 3);
    assert_eq!(row["OutId"], "out-7");
    stranger
        .control(Method::POST, &format!("/people/{}/sms-replies", person.id), json!({ "text": "T" }))
        .await;
    let reply: Value = serde_json::from_str(&receiver.wait_for(3).await[2].body).unwrap();
    assert_eq!(reply[0]["content"], "T");
}

#[tokio::test]
async fn aliyun_refuses_bad_calls_with_its_own_codes() {
    let stranger = Stranger::start().await;
    let call = async |changes: &[(&'static str, &'static str)], nonce: &str| {
        let mut parameters = BTreeMap::from([
            ("PhoneNumbers", "13800000003"),
            ("SignName", SIGN),
            ("TemplateCode", "SMS_400000101"),
            ("TemplateParam", r#"{"code":"1"}"#),
        ]);
        parameters.extend(changes.iter().copied());
        let parameters: Vec<_> = parameters.into_iter().collect();
        let (status, body) = aliyun(&stranger, "SendSms", &parameters, nonce).await;
        (status, body["Code"].as_str().unwrap().to_owned())
    };
    let code = |status: u16, text: &str| (status, text.to_owned());
    assert_eq!(call(&[("SignName", "别家")], "a").await, code(200, "isv.SMS_SIGNATURE_ILLEGAL"));
    assert_eq!(call(&[("SignName", "别家")], "a").await, code(400, "SignatureNonceUsed"));
    assert_eq!(call(&[("TemplateCode", "SMS_1")], "b").await, code(200, "isv.SMS_TEMPLATE_ILLEGAL"));
    assert_eq!(call(&[("TemplateParam", "{}")], "c").await, code(200, "isv.TEMPLATE_MISSING_PARAMETERS"));
    assert_eq!(call(&[("PhoneNumbers", "12")], "d").await, code(200, "isv.MOBILE_NUMBER_ILLEGAL"));
    assert_eq!(call(&[], "e").await, code(200, "OK"));
    assert_eq!(call(&[], "f").await, code(200, "isv.BUSINESS_LIMIT_CONTROL"));
}

#[tokio::test]
async fn aliyun_still_takes_the_older_signature_in_the_query() {
    let stranger = Stranger::start().await;
    let timestamp = noon().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut parameters = BTreeMap::from([
        ("AccessKeyId", ALIYUN_ID),
        ("Action", "SendSms"),
        ("Format", "JSON"),
        ("PhoneNumbers", "13800000004"),
        ("RegionId", "cn-hangzhou"),
        ("SignName", SIGN),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "old-1"),
        ("SignatureVersion", "1.0"),
        ("TemplateCode", "SMS_400000101"),
        ("TemplateParam", r#"{"code":"482913"}"#),
        ("Timestamp", &timestamp),
        ("Version", "2017-05-25"),
    ]);
    let to_sign = format!("GET&%2F&{}", percent(&canonical(&parameters)));
    let key = format!("{ALIYUN_SECRET}&");
    let mac = Hmac::<sha1::Sha1>::new_from_slice(key.as_bytes()).unwrap().chain_update(to_sign);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    parameters.insert("Signature", &signature);
    assert_eq!(stranger.get(&format!("/?{}", canonical(&parameters))).await["Code"], "OK");
    parameters.insert("Signature", "wrong");
    assert_eq!(stranger.get(&format!("/?{}", canonical(&parameters))).await["Code"], "SignatureDoesNotMatch");
}
