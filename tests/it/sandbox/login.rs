//! Login codes, session keys and phone codes.

use aes::Aes128;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{APPID, Stranger, errcode, login_path};

#[tokio::test]
async fn a_login_code_gives_openid_unionid_and_a_session_key_as_plain_text() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let code = stranger.login_code(&person).await;
    let answer = stranger.http.get(stranger.url(&login_path(&code))).send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["openid"], person.row["openid"]);
    assert_eq!(body["unionid"], person.row["unionid"]);
    assert_eq!(STANDARD.decode(body["session_key"].as_str().unwrap()).unwrap().len(), 16);
    assert!(body.get("errcode").is_none());
}

#[tokio::test]
async fn a_login_code_works_once_and_for_five_minutes() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let (used, late) = (stranger.login_code(&person).await, stranger.login_code(&person).await);
    assert_eq!(errcode(&stranger.log_in(&used).await), 0);
    assert_eq!(errcode(&stranger.log_in(&used).await), 40163);
    assert_eq!(errcode(&stranger.log_in("never-issued").await), 40029);
    stranger.advance(300).await;
    assert_eq!(errcode(&stranger.log_in(&late).await), 40029);
}

#[tokio::test]
async fn a_risky_person_is_kept_out() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    stranger.control(Method::PATCH, &format!("/people/{}", person.id), json!({ "risky": true })).await;
    let code = stranger.login_code(&person).await;
    assert_eq!(errcode(&stranger.log_in(&code).await), 40226);
}

#[tokio::test]
async fn a_person_logs_in_a_hundred_times_a_minute_at_most() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    for _ in 0..100 {
        let code = stranger.login_code(&person).await;
        assert_eq!(errcode(&stranger.log_in(&code).await), 0);
    }
    let code = stranger.login_code(&person).await;
    assert_eq!(errcode(&stranger.log_in(&code).await), 45011);
    stranger.advance(60).await;
    assert_eq!(errcode(&stranger.log_in(&code).await), 0);
}

#[tokio::test]
async fn a_phone_code_gives_the_number_once_and_only_to_its_own_openid() {
    let stranger = Stranger::start().await;
    let (person, other) = (stranger.person().await, stranger.person().await);
    let token = stranger.token().await;
    let path = format!("/wxa/business/getuserphonenumber?access_token={token}");
    let code = stranger.code(&person, "phone-codes").await;
    let mismatch = stranger.post(&path, json!({ "code": code, "openid": other.openid })).await;
    assert_ne!(errcode(&mismatch), 0);
    let answer = stranger.post(&path, json!({ "code": code, "openid": person.openid })).await;
    let phone = &answer["phone_info"];
    assert_eq!(phone["purePhoneNumber"], json!(person.phone));
    assert_eq!(phone["phoneNumber"], json!(person.phone));
    assert_eq!(phone["countryCode"], json!("86"));
    assert_eq!(phone["watermark"], json!({ "appid": APPID, "timestamp": 1_754_625_600 }));
    assert_eq!(errcode(&stranger.post(&path, json!({ "code": code })).await), 40029);
}

#[tokio::test]
async fn a_phone_code_of_another_mini_program_or_an_old_one_is_refused() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let path = format!("/wxa/business/getuserphonenumber?access_token={}", stranger.token().await);
    let foreign = json!({ "appid": "wxsomebodyelse" });
    let made = stranger.control(Method::POST, &format!("/people/{}/phone-codes", person.id), foreign).await;
    assert_eq!(errcode(&stranger.post(&path, json!({ "code": made["code"] })).await), 40013);
    let late = stranger.code(&person, "phone-codes").await;
    stranger.advance(301).await;
    assert_eq!(errcode(&stranger.post(&path, json!({ "code": late })).await), 40029);
}

#[tokio::test]
async fn a_session_key_keeps_for_minutes_and_changes_later() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let mut keys = Vec::new();
    for _ in 0..12 {
        let code = stranger.login_code(&person).await;
        keys.push(stranger.log_in(&code).await["session_key"].as_str().unwrap().to_owned());
        stranger.advance(150).await;
    }
    assert_eq!(keys[0], keys[1]);
    keys.dedup();
    assert!((2..=6).contains(&keys.len()), "{} keys", keys.len());
}

#[tokio::test]
async fn the_session_check_wants_an_hmac_over_nothing_and_the_reset_changes_the_key() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let code = stranger.login_code(&person).await;
    let key = stranger.log_in(&code).await["session_key"].as_str().unwrap().to_owned();
    let token = stranger.token().await;
    let query = |key: &str| {
        let mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        let signature = hex::encode(mac.finalize().into_bytes());
        format!("access_token={token}&openid={}&signature={signature}&sig_method=hmac_sha256", person.openid)
    };
    let check = async |key: &str| errcode(&stranger.get(&format!("/wxa/checksession?{}", query(key))).await);
    assert_eq!(check(&key).await, 0);
    assert_eq!(check("b3RoZXI=").await, 87009);
    let reset = stranger.get(&format!("/wxa/resetusersessionkey?{}", query(&key))).await;
    assert_eq!(check(&key).await, 87009);
    assert_eq!(check(reset["session_key"].as_str().unwrap()).await, 0);
}

#[tokio::test]
async fn encrypted_data_opens_with_the_session_key_of_the_moment() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let code = stranger.login_code(&person).await;
    let key = stranger.log_in(&code).await["session_key"].as_str().unwrap().to_owned();
    let path = format!("/people/{}/encrypted-phone", person.id);
    let sealed = stranger.control(Method::POST, &path, json!({})).await;
    let bytes = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let mut cipher = bytes(&sealed["encryptedData"]);
    let opened =
        cbc::Decryptor::<Aes128>::new_from_slices(&STANDARD.decode(key).unwrap(), &bytes(&sealed["iv"]))
            .unwrap()
            .decrypt_padded::<Pkcs7>(&mut cipher)
            .unwrap()
            .to_vec();
    let opened: Value = serde_json::from_slice(&opened).unwrap();
    assert_eq!(opened["purePhoneNumber"], json!(person.phone));
}
