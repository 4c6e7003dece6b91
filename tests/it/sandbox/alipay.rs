//! Alipay's gateway, with the demo key pair on our side.

use std::collections::BTreeMap;

use aes::Aes128;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use sandbox::demo_keys;
use serde_json::{Value, json};

use super::stranger::Stranger;

fn der(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn signed_by_app(text: &str) -> String {
    let pair = RsaKeyPair::from_pkcs8(&der(demo_keys().app_private_key_pem)).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    STANDARD.encode(signature)
}

fn is_from_alipay(text: &str, sign: &str) -> bool {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der(demo_keys().alipay_public_key_pem));
    key.verify(text.as_bytes(), &STANDARD.decode(sign).unwrap()).is_ok()
}

async fn raw_call(stranger: &Stranger, extra: &[(&str, &str)], spoil: bool) -> String {
    let mut parameters = BTreeMap::from([
        ("app_id", "2021005000000001"),
        ("charset", "utf-8"),
        ("format", "JSON"),
        ("sign_type", "RSA2"),
        ("timestamp", "2025-08-08 12:00:00"),
        ("version", "1.0"),
    ]);
    parameters.extend(extra.iter().copied());
    let joined: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sign = signed_by_app(&joined.join("&"));
    parameters.insert("sign", &sign);
    if spoil {
        parameters.insert("timestamp", "2025-08-08 12:00:01");
    }
    let url = stranger.url("/gateway.do?charset=utf-8");
    stranger.http.post(url).form(&parameters).send().await.unwrap().text().await.unwrap()
}

/// The inner value, after its signature was checked over its exact bytes.
async fn call(stranger: &Stranger, key: &str, extra: &[(&str, &str)]) -> Value {
    let text = raw_call(stranger, extra, false).await;
    let whole: Value = serde_json::from_str(&text).unwrap();
    let prefix = format!("{{\"{key}\":");
    let inner = text.strip_prefix(&prefix).unwrap_or_else(|| panic!("{text}"));
    let inner = &inner[..inner.rfind(",\"sign\":").unwrap()];
    assert!(is_from_alipay(inner, whole["sign"].as_str().unwrap()));
    whole[key].clone()
}

const OAUTH: (&str, &str) = ("method", "alipay.system.oauth.token");

#[tokio::test]
async fn an_auth_code_gives_an_open_id_once_in_a_signed_answer() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let code = stranger.code(&person, "alipay-auth-codes").await;
    let parameters = [OAUTH, ("grant_type", "authorization_code"), ("code", &code)];
    let answer = call(&stranger, "alipay_system_oauth_token_response", &parameters).await;
    assert_eq!(answer["open_id"], person.row["alipay_open_id"]);
    assert!(answer.get("user_id").is_none() && answer.get("code").is_none());
    let again = call(&stranger, "error_response", &parameters).await;
    assert_eq!(again["sub_code"], "isv.code-invalid");
    let token = answer["refresh_token"].as_str().unwrap();
    let refresh = [OAUTH, ("grant_type", "refresh_token"), ("refresh_token", token)];
    let answer = call(&stranger, "alipay_system_oauth_token_response", &refresh).await;
    assert_eq!(answer["open_id"], person.row["alipay_open_id"]);
}

#[tokio::test]
async fn an_app_from_before_the_migration_sees_the_user_id() {
    let stranger =
        Stranger::with(|settings| settings.alipay.identity = sandbox::AlipayIdentity::UserId).await;
    let person = stranger.person().await;
    let code = stranger.code(&person, "alipay-auth-codes").await;
    let parameters = [OAUTH, ("grant_type", "authorization_code"), ("code", &code)];
    let answer = call(&stranger, "alipay_system_oauth_token_response", &parameters).await;
    assert_eq!(answer["user_id"], person.row["alipay_user_id"]);
    assert!(answer["user_id"].as_str().unwrap().starts_with("2088"));
}

#[tokio::test]
async fn a_call_that_was_changed_after_signing_is_refused() {
    let stranger = Stranger::start().await;
    let text = raw_call(&stranger, &[OAUTH, ("grant_type", "authorization_code"), ("code", "x")], true).await;
    assert!(text.contains("isv.invalid-signature"), "{text}");
}

#[tokio::test]
async fn the_phone_payload_is_signed_with_its_quotes_and_opens_with_the_content_key() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let made =
        stranger.control(Method::POST, &format!("/people/{}/alipay-phone", person.id), json!({})).await;
    let response: Value = serde_json::from_str(made["response"].as_str().unwrap()).unwrap();
    let cipher = response["response"].as_str().unwrap();
    assert!(is_from_alipay(&format!("\"{cipher}\""), response["sign"].as_str().unwrap()));
    let key = STANDARD.decode(demo_keys().aes_key).unwrap();
    let mut bytes = STANDARD.decode(cipher).unwrap();
    let plain = cbc::Decryptor::<Aes128>::new_from_slices(&key, &[0; 16])
        .unwrap()
        .decrypt_padded::<Pkcs7>(&mut bytes)
        .unwrap();
    let plain: Value = serde_json::from_slice(plain).unwrap();
    assert_eq!(plain, json!({ "code": "10000", "msg": "Success", "mobile": person.phone }));
}

#[tokio::test]
async fn a_template_message_reaches_the_phone_unless_a_keyword_is_longer_than_fifty() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let send = async |word: &str, key: &str| {
        let data = json!({ "keyword1": { "value": word } }).to_string();
        let order = json!({
            "to_open_id": person.row["alipay_open_id"], "user_template_id": "T1", "page": "pages/index/index",
            "data": data,
        })
        .to_string();
        let parameters = [("method", "alipay.open.app.mini.templatemessage.send"), ("biz_content", &order)];
        call(&stranger, key, &parameters).await
    };
    let key = "alipay_open_app_mini_templatemessage_send_response";
    assert_eq!(send("券将到期", key).await["code"], "10000");
    assert_eq!(send(&"长".repeat(51), key).await["sub_code"], "USER_KEYWORD_LENGTH_ERROR");
    let messages = stranger.look(&format!("/people/{}/messages", person.id)).await;
    assert_eq!(messages["messages"][0]["kind"], "alipay_notification");
    assert_eq!(messages["messages"].as_array().unwrap().len(), 1);
}
