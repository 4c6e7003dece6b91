//! The refresh token in a browser's cookie.

use entity::idempotency_key;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::TestApp;
use tests::answer::Answer;
use tests::people::{PASSWORD, text};

/// Name and value, as a browser sends them back.
fn cookie(answer: &Answer) -> String {
    let line = answer.header("set-cookie").expect("a cookie");
    line.split(';').next().unwrap_or_default().to_owned()
}

async fn sign_in(app: &TestApp) -> Answer {
    app.owner().await;
    app.post("/v1/staff/auth", json!({ "login": "owner", "password": PASSWORD, "keep": "cookie" })).await
}

#[tokio::test]
async fn a_browser_keeps_the_refresh_token_where_no_script_reads_it() {
    let app = TestApp::start().await;

    let answer = sign_in(&app).await;

    let body = answer.expect(200);
    assert_eq!(body["refresh_token"], Value::Null);
    let line = answer.header("set-cookie").expect("a cookie");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/v1/auth"] {
        assert!(line.contains(attribute), "{line}");
    }
    assert!(!line.contains("Secure"), "plain http: {line}");
}

#[tokio::test]
async fn behind_a_proxy_with_https_the_cookie_is_for_https_alone() {
    let app = TestApp::start().await;
    app.owner().await;
    let body = json!({ "login": "owner", "password": PASSWORD, "keep": "cookie" });

    let answer = app.post("/v1/staff/auth", body).with_header("x-forwarded-proto", "https").await;

    assert!(answer.header("set-cookie").expect("a cookie").contains("; Secure"));
}

#[tokio::test]
async fn the_cookie_is_rotated_and_authorises_nothing_but_that() {
    let app = TestApp::start().await;
    let first = cookie(&sign_in(&app).await);

    app.get("/v1/console/members").with_header("cookie", &first).await.expect_problem(401, "unauthenticated");
    let answer = app.post("/v1/auth/refresh", json!({})).with_header("cookie", &first).await;

    let body = answer.expect(200);
    assert_eq!(body["refresh_token"], Value::Null);
    assert_eq!(body["staff"]["login"], "owner");
    let second = cookie(&answer);
    assert_ne!(second, first);
    app.get("/v1/staff/me").with_bearer(&text(&body, "access_token")).await.expect(200);
    let again = app.post("/v1/auth/refresh", json!({})).with_header("cookie", &first).await;
    again.expect_refusal("refresh_token_reused");
}

#[tokio::test]
async fn without_a_token_in_body_or_cookie_nobody_is_signed_in() {
    let app = TestApp::start().await;

    app.post("/v1/auth/refresh", json!({})).await.expect_refusal("refresh_token_invalid");
}

#[tokio::test]
async fn signing_out_makes_the_browser_forget() {
    let app = TestApp::start().await;
    let signed_in = sign_in(&app).await;
    let (token, kept) = (text(&signed_in.json(), "access_token"), cookie(&signed_in));

    let out = app.post("/v1/auth/logout", Value::Null).with_bearer(&token).with_header("cookie", &kept).await;

    out.expect(204);
    assert!(out.header("set-cookie").expect("a cookie").contains("Max-Age=0"));
    let again = app.post("/v1/auth/refresh", json!({})).with_header("cookie", &kept).await;
    again.expect_refusal("refresh_token_invalid");
}

#[tokio::test]
async fn a_repeated_sign_in_gives_the_cookie_again() {
    let app = TestApp::start().await;
    app.owner().await;
    let body = json!({ "login": "owner", "password": PASSWORD, "keep": "cookie" });
    let send = || app.post("/v1/staff/auth", body.clone()).with_key("sign-in-1");

    let (first, second) = (send().await, send().await);

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.header("set-cookie"), first.header("set-cookie"));
    assert_eq!(second.expect(200), first.expect(200));
    let renewed = app.post("/v1/auth/refresh", json!({})).with_header("cookie", &cookie(&second)).await;
    renewed.expect(200);
}

#[tokio::test]
async fn a_renewal_that_was_not_heard_is_heard_by_its_repeat_and_by_no_other_browser() {
    let app = TestApp::start().await;
    let mine = cookie(&sign_in(&app).await);
    let body = json!({ "login": "owner", "password": PASSWORD, "keep": "cookie" });
    let theirs = cookie(&app.post("/v1/staff/auth", body).await);
    let renew = |kept: &str| {
        app.post("/v1/auth/refresh", json!({})).with_header("cookie", kept).with_key("renewal-1")
    };

    let (first, second) = (renew(&mine).await, renew(&mine).await);

    assert_eq!(second.expect(200), first.expect(200));
    assert_eq!(cookie(&second), cookie(&first));
    let other = renew(&theirs).await;
    assert_eq!(other.header("idempotency-replayed"), None, "its key is its own");
    assert_ne!(cookie(&other), cookie(&first));
    assert_ne!(other.expect(200)["access_token"], first.expect(200)["access_token"]);
    // The browser that has the new cookie already is another caller, and is simply renewed again.
    let again = renew(&cookie(&first)).await;
    assert_eq!(again.header("idempotency-replayed"), None);
    again.expect(200);
}

#[tokio::test]
async fn a_kept_cookie_is_not_readable_in_the_database() {
    let app = TestApp::start().await;
    app.owner().await;
    let body = json!({ "login": "owner", "password": PASSWORD, "keep": "cookie" });
    let answer = app.post("/v1/staff/auth", body).with_key("sign-in-1").await;

    let row = idempotency_key::Entity::find().one(app.ctx.db.read()).await.expect("rows").expect("a row");

    let kept = row.cookie.expect("a cookie is kept");
    let token = cookie(&answer).split_once('=').expect("name and value").1.to_owned();
    assert!(!kept.windows(token.len()).any(|part| part == token.as_bytes()));
}
