//! Access tokens: two families, overlaps, forced refreshes, and what a bad token is told.

use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{APPID, SECRET, Stranger, errcode};

async fn stable(stranger: &Stranger, force: bool) -> (String, i64) {
    let wish = json!({ "grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": force });
    let answer = stranger.post("/cgi-bin/stable_token", wish).await;
    (answer["access_token"].as_str().unwrap().to_owned(), answer["expires_in"].as_i64().unwrap())
}

async fn plain(stranger: &Stranger) -> String {
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    stranger.get(&path).await["access_token"].as_str().unwrap().to_owned()
}

async fn try_token(stranger: &Stranger, token: &str) -> i64 {
    errcode(&stranger.get(&format!("/wxaapi/newtmpl/gettemplate?access_token={token}")).await)
}

#[tokio::test]
async fn a_plain_token_is_new_each_time_and_the_one_before_lives_five_minutes_more() {
    let stranger = Stranger::start().await;
    let (first, second) = (plain(&stranger).await, plain(&stranger).await);
    assert_ne!(first, second);
    stranger.advance(299).await;
    assert_eq!(try_token(&stranger, &first).await, 0);
    stranger.advance(1).await;
    assert_eq!(try_token(&stranger, &first).await, 42001);
    assert_eq!(try_token(&stranger, &second).await, 0);
}

#[tokio::test]
async fn a_stable_token_stays_the_same_with_falling_seconds_until_five_minutes_before_its_end() {
    let stranger = Stranger::start().await;
    let (first, seconds) = stable(&stranger, false).await;
    assert_eq!(seconds, 7200);
    stranger.advance(6_000).await;
    assert_eq!(stable(&stranger, false).await, (first.clone(), 1_200));
    stranger.advance(900).await;
    let (second, seconds) = stable(&stranger, false).await;
    assert_ne!(second, first);
    assert_eq!(seconds, 7200);
    assert_eq!(try_token(&stranger, &first).await, 0);
    stranger.advance(300).await;
    assert_eq!(try_token(&stranger, &first).await, 42001);
}

#[tokio::test]
async fn a_forced_refresh_kills_the_old_token_at_once_but_not_within_thirty_seconds() {
    let stranger = Stranger::start().await;
    let (first, _) = stable(&stranger, false).await;
    let (second, _) = stable(&stranger, true).await;
    assert_eq!(try_token(&stranger, &first).await, 40001);
    assert_eq!(stable(&stranger, true).await.0, second);
    stranger.advance(30).await;
    assert_ne!(stable(&stranger, true).await.0, second);
}

#[tokio::test]
async fn forced_refreshes_end_after_twenty_a_day() {
    let stranger = Stranger::start().await;
    let mut token = stable(&stranger, false).await.0;
    for _ in 0..20 {
        let next = stable(&stranger, true).await.0;
        assert_ne!(next, token);
        token = next;
        stranger.advance(30).await;
    }
    assert_eq!(stable(&stranger, true).await.0, token);
}

#[tokio::test]
async fn the_two_families_do_not_touch_each_other() {
    let stranger = Stranger::start().await;
    let (kept, _) = stable(&stranger, false).await;
    let plain_token = plain(&stranger).await;
    stranger.advance(30).await;
    stable(&stranger, true).await;
    assert_eq!(try_token(&stranger, &plain_token).await, 0);
    assert_eq!(try_token(&stranger, &kept).await, 40001);
}

#[tokio::test]
async fn absent_malformed_unknown_expired_and_revoked_tokens_have_codes_of_their_own() {
    let stranger = Stranger::start().await;
    let (token, _) = stable(&stranger, false).await;
    assert_eq!(try_token(&stranger, "").await, 41001);
    assert_eq!(try_token(&stranger, "short").await, 40014);
    assert_eq!(try_token(&stranger, &"x".repeat(136)).await, 40001);
    stranger.control(Method::POST, "/tokens/revoke", json!({})).await;
    assert_eq!(try_token(&stranger, &token).await, 40001);
    let (fresh, _) = stable(&stranger, false).await;
    assert_eq!(try_token(&stranger, &fresh).await, 0);
    stranger.control(Method::POST, "/tokens/revoke", json!({ "expire": true })).await;
    assert_eq!(try_token(&stranger, &fresh).await, 42001);
}

#[tokio::test]
async fn a_token_call_checks_the_grant_the_account_the_address_and_the_freeze() {
    let stranger = Stranger::start().await;
    let ask = async |grant: &str, appid: &str, secret: &str| {
        let wish = json!({ "grant_type": grant, "appid": appid, "secret": secret });
        stranger.post("/cgi-bin/stable_token", wish).await
    };
    assert_eq!(errcode(&ask("password", APPID, SECRET).await), 40002);
    assert_eq!(errcode(&ask("client_credential", "", SECRET).await), 41002);
    assert_eq!(errcode(&ask("client_credential", APPID, "").await), 41004);
    assert_eq!(errcode(&ask("client_credential", "wxother", SECRET).await), 40013);
    assert_eq!(errcode(&ask("client_credential", APPID, "wrong").await), 40125);
    stranger.control(Method::PATCH, "/account", json!({ "ip_whitelist": ["10.0.0.1"] })).await;
    assert_eq!(errcode(&ask("client_credential", APPID, SECRET).await), 40164);
    stranger
        .control(Method::PATCH, "/account", json!({ "ip_whitelist": Value::Null, "secret_frozen": true }))
        .await;
    assert_eq!(errcode(&ask("client_credential", APPID, SECRET).await), 40243);
}
