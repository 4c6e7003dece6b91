//! The vectors were signed with openssl: the request by the app's key, the answers by "Alipay's".

use super::support::*;
use platform::Class;
use platform::alipay::{Alipay, AlipaySettings};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

const APP_PKCS8: &str = include_str!("alipay_keys/app-pkcs8.pem");
const APP_PKCS1: &str = include_str!("alipay_keys/app-pkcs1.pem");
const PUBLIC_SPKI: &str = include_str!("alipay_keys/alipay-public-spki.pem");
const PUBLIC_PKCS1: &str = include_str!("alipay_keys/alipay-public-pkcs1.pem");

struct Vector {
    text: String,
    sign: String,
}

fn vector(name: &str) -> Vector {
    let vectors: Value = serde_json::from_str(include_str!("alipay_keys/vectors.json")).unwrap();
    let part = |field: &str| vectors[name][field].as_str().unwrap().to_owned();
    Vector { text: part("text"), sign: part("sign") }
}

fn settings(url: &str) -> AlipaySettings {
    AlipaySettings {
        gateway_url: format!("{url}/gateway.do"),
        authorise_url: format!("{url}/oauth2/publicAppAuthorize.htm"),
        scope: "auth_user".to_owned(),
        app_id: "2021000000000001".to_owned(),
        private_key_pem: APP_PKCS8.to_owned(),
        alipay_public_key_pem: PUBLIC_SPKI.to_owned(),
        aes_key: Some(vector("content_key").text),
        timeout: PATIENT,
    }
}

fn alipay(url: &str) -> Alipay {
    Alipay::new(settings(url), noon()).unwrap()
}

fn signed(member: &str, vector: &Vector) -> String {
    format!(r#"{{"{member}":{},"sign":"{}"}}"#, vector.text, vector.sign)
}

fn token_answer() -> String {
    signed("alipay_system_oauth_token_response", &vector("token"))
}

fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[tokio::test]
async fn a_login_code_is_redeemed_by_a_signed_request() {
    let outside = Outside::start(|_| answer(token_answer()));
    let user = alipay(&outside.url).oauth_token("auth-1").await.unwrap();
    assert_eq!(
        (user.subject(), user.union_id.as_deref(), user.user_id.as_deref()),
        ("oid-1", Some("u-1"), None)
    );
    let seen = outside.seen().pop().unwrap();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), seen.raw_query.as_str()),
        ("POST", "/gateway.do", "charset=utf-8")
    );
    let mut form: HashMap<String, String> =
        actix_web::web::Query::<HashMap<String, String>>::from_query(&seen.body).unwrap().into_inner();
    let request = vector("request");
    assert_eq!(form.remove("sign").unwrap(), request.sign);
    let mut pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort();
    assert_eq!(pairs.join("&"), request.text);
}

#[tokio::test]
async fn keys_may_be_pem_or_bare_in_either_encoding() {
    let outside = Outside::start(|_| answer(token_answer()));
    for (private, public) in [
        (APP_PKCS1.to_owned(), PUBLIC_PKCS1.to_owned()),
        (bare(APP_PKCS8), bare(PUBLIC_SPKI)),
        (bare(APP_PKCS1), bare(PUBLIC_PKCS1)),
    ] {
        let settings = AlipaySettings {
            private_key_pem: private,
            alipay_public_key_pem: public,
            ..settings(&outside.url)
        };
        Alipay::new(settings, noon()).unwrap().oauth_token("auth-1").await.unwrap();
        assert!(outside.seen().pop().unwrap().body.contains("sign=VUOV5gtxY6rU1Lbe"));
    }
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let broken = |change: fn(&mut AlipaySettings)| {
        let mut settings = settings("http://localhost");
        change(&mut settings);
        Alipay::new(settings, noon()).err().map(|error| error.code)
    };
    for change in [
        (|s| s.private_key_pem = "x".to_owned()) as fn(&mut AlipaySettings),
        |s| s.private_key_pem = PUBLIC_SPKI.to_owned(),
        |s| s.alipay_public_key_pem = "MTIz".to_owned(),
        |s| s.aes_key = Some("MTIz".to_owned()),
        |s| s.gateway_url = "gateway".to_owned(),
    ] {
        assert_eq!(broken(change).as_deref(), Some("setting"));
    }
}

#[tokio::test]
async fn an_older_app_knows_people_by_user_id_and_escaped_slashes_still_verify() {
    let body = signed("alipay_system_oauth_token_response", &vector("token_of_an_older_app"));
    for body in [body.clone(), body.replace("a/b", "a\\/b")] {
        let outside = Outside::start(move |_| answer(body.clone()));
        let user = alipay(&outside.url).oauth_token("auth-1").await.unwrap();
        assert_eq!(user.subject(), "2088000000000001");
    }
}

#[tokio::test]
async fn an_answer_alipay_did_not_sign_is_not_believed() {
    let touched = token_answer().replace("oid-1", "oid-2");
    let unsigned = format!(r#"{{"alipay_system_oauth_token_response":{}}}"#, vector("token").text);
    for body in [touched, unsigned, "{}".to_owned(), "<html>".to_owned()] {
        let outside = Outside::start(move |_| answer(body.clone()));
        let error = alipay(&outside.url).oauth_token("auth-1").await.unwrap_err();
        assert_eq!(error.class, Class::Unknown);
    }
}

#[tokio::test]
async fn alipays_refusals_have_their_classes() {
    let cases = [
        ("40002", "isv.code-invalid", Class::Permanent),
        ("40004", "ACCESS_FORBIDDEN", Class::Permanent),
        ("40002", "isv.invalid-signature", Class::Token),
        ("40006", "isv.insufficient-isv-permissions", Class::Token),
        ("20000", "isp.unknow-error", Class::Busy),
        ("40004", "aop.unknow-error", Class::Busy),
    ];
    for (code, sub_code, class) in cases {
        for member in ["error_response", "alipay_system_oauth_token_response"] {
            let body = json!({member: {"code": code, "msg": "m", "sub_code": sub_code, "sub_msg": "auth-1"}});
            let outside = Outside::start(move |_| answer(body.to_string()));
            let error = alipay(&outside.url).oauth_token("auth-1").await.unwrap_err();
            assert_eq!((error.class, error.code.as_str()), (class, sub_code));
            assert!(!format!("{error:?}").contains("auth-1"));
        }
    }
}

#[tokio::test]
async fn a_login_whose_answer_is_not_heard_is_unknown() {
    let outside = Outside::start(|_| Reply::Silence);
    let settings = AlipaySettings { timeout: Duration::from_millis(300), ..settings(&outside.url) };
    let error = Alipay::new(settings, noon()).unwrap().oauth_token("auth-1").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Unknown, "timeout"));
}

#[test]
fn a_phone_number_is_opened_if_alipay_signed_it() {
    let alipay = alipay("http://localhost");
    for name in ["cipher_in_quotes", "cipher_bare"] {
        let vector = vector(name);
        let body = json!({"response": vector.text, "sign": vector.sign}).to_string();
        assert_eq!(alipay.decrypt_phone(&body).unwrap(), "15912345678");
        let escaped = body.replace('/', "\\/");
        assert_eq!(alipay.decrypt_phone(&escaped).unwrap(), "15912345678");
    }
    let plain = vector("plain_phone");
    let as_text = json!({"response": plain.text, "sign": plain.sign}).to_string();
    assert_eq!(alipay.decrypt_phone(&as_text).unwrap(), "15912345678");
    assert_eq!(alipay.decrypt_phone(&signed("response", &plain)).unwrap(), "15912345678");
}

#[test]
fn a_phone_number_nobody_signed_is_refused() {
    let alipay = alipay("http://localhost");
    let cipher = vector("cipher_in_quotes");
    let other = vector("plain_phone").sign;
    for (body, code) in [
        (json!({"response": cipher.text}).to_string(), "unsigned"),
        (json!({"response": cipher.text, "sign": other}).to_string(), "signature"),
        (json!({"response": {"code": "10000", "mobile": "13800138000"}}).to_string(), "unsigned"),
        (json!({"sign": cipher.sign}).to_string(), "unreadable"),
        ("nonsense".to_owned(), "unreadable"),
        ("[]".to_owned(), "unreadable"),
    ] {
        let error = alipay.decrypt_phone(&body).unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Permanent, code), "{body}");
    }
}

#[test]
fn a_refused_phone_number_says_why() {
    let error =
        alipay("http://localhost").decrypt_phone(&signed("response", &vector("refused_phone"))).unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Permanent, "isv.invalid-auth-relations"));
}
