//! Signing in with login and password, and the one-time password that must go first.

use entity::states::StaffRole;
use serde_json::json;
use tests::TestApp;
use tests::people::{PASSWORD, text};

#[tokio::test]
async fn a_one_time_password_opens_nothing_but_its_change() {
    let app = TestApp::start().await;
    let first = service::staff::ensure_first_owner(&app.ctx).await.unwrap().unwrap();
    let token = app.staff_token(&first.login, &first.password).await;

    for path in ["/v1/console/members", "/v1/console/staff", "/v1/console/audit", "/v1/console/stores"] {
        app.get(path).with_bearer(&token).await.expect_refusal("password_change_required");
    }
    let me = app.get("/v1/staff/me").with_bearer(&token).await.expect(200);
    assert_eq!(me["must_change_password"], true);

    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let weak = change(&first.password, "short");
    app.post("/v1/staff/password", weak).with_bearer(&token).await.expect_refusal("password_too_weak");
    let wrong = change("wrong", PASSWORD);
    app.post("/v1/staff/password", wrong).with_bearer(&token).await.expect_refusal("login_wrong");
    let same = change(&first.password, &first.password);
    app.post("/v1/staff/password", same).with_bearer(&token).await.expect_invalid("new");
    let right = change(&first.password, PASSWORD);
    app.post("/v1/staff/password", right).with_bearer(&token).await.expect(204);

    app.get("/v1/console/members").with_bearer(&token).await.expect(200);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let here = app.owner().await;
    let elsewhere = app.staff_token("owner", PASSWORD).await;

    let body = json!({ "current": PASSWORD, "new": "another good phrase" });
    app.post("/v1/staff/password", body).with_bearer(&here).await.expect(204);

    app.get("/v1/staff/me").with_bearer(&elsewhere).await.expect_problem(401, "unauthenticated");
    app.get("/v1/staff/me").with_bearer(&here).await.expect(200);
}

#[tokio::test]
async fn an_unknown_login_and_a_wrong_password_get_the_same_answer() {
    let app = TestApp::start().await;
    app.owner().await;

    for login in ["owner", "nobody"] {
        let body = json!({ "login": login, "password": "wrong" });
        app.post("/v1/staff/auth", body).await.expect_refusal("login_wrong");
    }
}

#[tokio::test]
async fn wrong_passwords_are_limited_per_login_until_the_quarter_ends() {
    let app = TestApp::with_settings("sign_in.staff_wrong_tries = 3").await;
    app.owner().await;
    let wrong = json!({ "login": " OWNER ", "password": "wrong" });
    for _ in 0..3 {
        app.post("/v1/staff/auth", &wrong).await.expect_refusal("login_wrong");
    }

    app.post("/v1/staff/auth", &wrong).await.expect_problem(429, "rate_limited");
    let right = json!({ "login": "owner", "password": PASSWORD });
    app.post("/v1/staff/auth", &right).await.expect_problem(429, "rate_limited");

    app.clock.advance(chrono::Duration::minutes(15));
    app.post("/v1/staff/auth", &right).await.expect(200);
}

#[tokio::test]
async fn right_passwords_use_up_nothing() {
    let app = TestApp::with_settings("sign_in.staff_wrong_tries = 2").await;
    app.owner().await;

    for _ in 0..4 {
        app.staff_token("owner", PASSWORD).await;
    }
}

#[tokio::test]
async fn a_staff_session_is_refreshed_and_ended_like_a_members() {
    let app = TestApp::start().await;
    app.owner().await;
    let body = json!({ "login": "owner", "password": PASSWORD });
    let session = app.post("/v1/staff/auth", body).await.expect(200);

    let body = json!({ "refresh_token": text(&session, "refresh_token") });
    let next = app.post("/v1/auth/refresh", &body).await.expect(200);
    assert_eq!(next["staff"]["login"], "owner");
    let access = text(&next, "access_token");
    app.get("/v1/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
    app.ask(reqwest::Method::POST, "/v1/auth/logout").with_bearer(&access).await.expect(204);

    app.get("/v1/staff/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_role_reaches_what_it_is_permitted_and_no_more() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let cashier = app.staff(&owner, StaffRole::Cashier, &[]).await;
    let marketer = app.staff(&owner, StaffRole::Marketer, &[]).await;

    app.get("/v1/console/stores").with_bearer(&cashier).await.expect(200);
    for path in ["/v1/console/members", "/v1/console/staff", "/v1/console/audit", "/v1/console/tags"] {
        app.get(path).with_bearer(&cashier).await.expect_problem(403, "forbidden");
    }
    app.get("/v1/console/members").with_bearer(&marketer).await.expect(200);
    let body = json!({ "code": "S9", "name": "Nine" });
    app.post("/v1/console/stores", body).with_bearer(&marketer).await.expect_problem(403, "forbidden");
}
