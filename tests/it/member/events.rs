//! What members do in the mini-program: kept with consent, once, within bounds, and deleted with the consent.

use entity::member_event;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::behaviour::forget_old_events;
use tests::{Answer, TestApp};

async fn member(app: &TestApp) -> (service::ids::MemberId, String) {
    let id = app.member("13800138000").await;
    (id, app.member_session(id).await)
}

fn event(app: &TestApp, id: &str) -> Value {
    json!({
        "id": id, "name": "page_view", "page": "pages/coupons/index", "at": app.ctx.now(), "duration_ms": 4_200,
        "detail": { "from": "banner" },
    })
}

async fn send(app: &TestApp, token: &str, events: Vec<Value>) -> Answer {
    app.post("/v1/me/events", json!({ "events": events })).with_bearer(token).await
}

async fn consent(app: &TestApp, token: &str, given: bool) {
    let body = json!({ "behaviour_consent": given });
    app.patch("/v1/me", body).with_bearer(token).await.expect(200);
}

async fn kept(app: &TestApp) -> u64 {
    member_event::Entity::find().count(app.ctx.db.read()).await.unwrap()
}

#[tokio::test]
async fn nothing_is_kept_without_consent_and_nothing_stays_after_its_withdrawal() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let (id, token) = member(&app).await;

    send(&app, &token, vec![event(&app, "e1")]).await.expect_refusal("behaviour_consent_required");
    assert_eq!(kept(&app).await, 0);
    consent(&app, &token, true).await;
    assert_eq!(send(&app, &token, vec![event(&app, "e1")]).await.expect(200)["recorded"], 1);
    let listed = app.get(&format!("/v1/console/members/{id}/events")).with_bearer(&owner).await.expect(200);
    assert_eq!(listed["items"][0]["page"], "pages/coupons/index");
    assert_eq!(listed["items"][0]["detail"], json!({ "from": "banner" }));
    let export = app.get("/v1/me/export").with_bearer(&token).await.expect(200);
    assert_eq!(export["events"].as_array().unwrap().len(), 1);

    consent(&app, &token, false).await;
    assert_eq!(kept(&app).await, 0);
    let audit = app.get("/v1/console/audit?action=member.behaviour_consent").with_bearer(&owner).await;
    assert_eq!(audit.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_event_is_kept_once_within_a_batch_again_and_at_once() {
    let app = TestApp::start().await;
    let (_, token) = member(&app).await;
    consent(&app, &token, true).await;
    let batch = || vec![event(&app, "e1"), event(&app, "e1"), event(&app, "e2")];

    let (one, two) = tokio::join!(send(&app, &token, batch()), send(&app, &token, batch()));
    let recorded =
        one.expect(200)["recorded"].as_u64().unwrap() + two.expect(200)["recorded"].as_u64().unwrap();

    assert_eq!((recorded, kept(&app).await), (2, 2));
    assert_eq!(send(&app, &token, batch()).await.expect(200)["recorded"], 0);
}

#[tokio::test]
async fn a_batch_that_is_wrong_is_refused_whole_with_the_field() {
    let app = TestApp::start().await;
    let (_, token) = member(&app).await;
    consent(&app, &token, true).await;
    let changed = |field: &str, value: Value| {
        let mut wrong = event(&app, "e2");
        wrong[field] = value;
        vec![event(&app, "e1"), wrong]
    };
    for (field, value) in [
        ("id", json!("")),
        ("id", json!("x".repeat(65))),
        ("name", json!("a b")),
        ("page", json!("x".repeat(201))),
        ("at", json!("2026-02-20T00:00:00Z")),
        ("at", json!("2026-03-02T03:00:00Z")),
        ("duration_ms", json!(-1)),
        ("detail", json!({ "text": "x".repeat(1_000) })),
        ("detail", json!([1])),
    ] {
        let refused = send(&app, &token, changed(field, value)).await;
        refused.expect_invalid(&format!("events[1].{field}"));
    }
    send(&app, &token, Vec::new()).await.expect_invalid("events");
    let many = (0..101).map(|number| event(&app, &format!("e{number}"))).collect();
    send(&app, &token, many).await.expect_invalid("events");
    assert_eq!(kept(&app).await, 0);
}

#[tokio::test]
async fn a_day_has_room_for_so_many_and_old_ones_are_forgotten() {
    let app = TestApp::start().await;
    let (_, token) = member(&app).await;
    consent(&app, &token, true).await;
    for batch in 0..20 {
        let events = (0..100).map(|number| event(&app, &format!("b{batch}e{number}"))).collect();
        send(&app, &token, events).await.expect(200);
    }
    send(&app, &token, vec![event(&app, "one-more")]).await.expect_problem(429, "rate_limited");
    assert_eq!(kept(&app).await, 2_000);

    app.clock.advance(chrono::Duration::days(181));
    assert_eq!(forget_old_events(&app.ctx).await.unwrap(), 2_000);
}
