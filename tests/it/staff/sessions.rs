//! The devices on which staff are signed in.

use entity::states::StaffRole;
use serde_json::{Value, json};
use tests::people::{PASSWORD, text};
use tests::{Answer, TestApp};

const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0";

async fn sign_in_with(app: &TestApp, device: &str) -> String {
    let body = json!({ "login": "owner", "password": PASSWORD });
    let signed_in = app.post("/v1/staff/auth", body).with_header("user-agent", device).await.expect(200);
    text(&signed_in, "access_token")
}

async fn listed(app: &TestApp, token: &str) -> Vec<Value> {
    let page = app.get("/v1/staff/sessions").with_bearer(token).await.expect(200);
    page["items"].as_array().expect("a page").clone()
}

async fn end(app: &TestApp, token: &str, session: &Value) -> Answer {
    app.delete(&format!("/v1/staff/sessions/{}", text(session, "id"))).with_bearer(token).await
}

#[tokio::test]
async fn staff_see_their_devices_and_sign_one_out() {
    let app = TestApp::start().await;
    let first = app.owner().await;
    let second = sign_in_with(&app, EDGE).await;

    let devices = listed(&app, &second).await;
    assert_eq!(devices.len(), 2);
    assert_eq!((&devices[0]["current"], &devices[0]["device"]), (&json!(true), &json!("Windows · Edge")));
    assert_eq!(devices[1]["current"], false);
    let (one, two) = tokio::join!(end(&app, &second, &devices[1]), end(&app, &second, &devices[1]));
    one.expect(204);
    two.expect(204);
    end(&app, &second, &devices[1]).await.expect(204);

    app.get("/v1/staff/me").with_bearer(&first).await.expect_problem(401, "unauthenticated");
    assert_eq!(listed(&app, &second).await.len(), 1);
}

#[tokio::test]
async fn what_is_a_colleagues_does_not_exist_and_stands() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let marketer = app.staff(&owner, StaffRole::Marketer, &[]).await;
    let theirs = listed(&app, &marketer).await;
    assert_eq!(theirs.len(), 1);

    end(&app, &owner, &theirs[0]).await.expect_problem(404, "not_found");
    app.delete("/v1/staff/sessions").with_bearer(&owner).await.expect(204);

    app.get("/v1/staff/me").with_bearer(&marketer).await.expect(200);
}

#[tokio::test]
async fn all_other_devices_are_signed_out_but_the_one_that_asks() {
    let app = TestApp::start().await;
    let first = app.owner().await;
    let (second, third) = (sign_in_with(&app, EDGE).await, sign_in_with(&app, EDGE).await);

    for _ in 0..2 {
        app.delete("/v1/staff/sessions").with_bearer(&second).await.expect(204);
    }

    for token in [&first, &third] {
        app.get("/v1/staff/me").with_bearer(token).await.expect_problem(401, "unauthenticated");
    }
    assert_eq!(listed(&app, &second).await.len(), 1);
}

#[tokio::test]
async fn a_device_whose_tokens_have_run_out_is_listed_no_more() {
    let app = TestApp::start().await;
    app.owner().await;

    app.clock.advance(chrono::Duration::seconds(app.ctx.settings.sign_in.refresh_token_seconds));
    let second = sign_in_with(&app, EDGE).await;

    let devices = listed(&app, &second).await;
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0]["current"], true);
}
