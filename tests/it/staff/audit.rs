//! The audit log as an owner reads it: with names, and by a span of time.

use chrono::{Duration, SecondsFormat};
use serde_json::{Value, json};
use service::clock::Clock;
use tests::TestApp;

async fn entries(app: &TestApp, owner: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/console/audit?{query}");
    let body = app.get(&path).with_bearer(owner).await.expect(200);
    body["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn an_entry_names_who_did_it_and_what_it_was_about() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.store(&owner, "S1").await;

    let created = entries(&app, &owner, "action=store.create").await;

    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["actor_name"], "owner");
    assert!(created[0]["subject_name"].is_string(), "{}", created[0]);
}

#[tokio::test]
async fn a_span_of_time_holds_its_beginning_and_not_its_end() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.clock.advance(Duration::minutes(5));
    let at = app.clock.now();
    app.post("/v1/console/tags", json!({ "name": "老会员" })).with_bearer(&owner).await.expect(201);
    let time = |by: Duration| (at + by).to_rfc3339_opts(SecondsFormat::Secs, true);

    let span =
        |from: Duration, to: Duration| format!("action=tag.create&since={}&until={}", time(from), time(to));
    let within = entries(&app, &owner, &span(Duration::zero(), Duration::seconds(1))).await;
    let before = entries(&app, &owner, &span(Duration::minutes(-1), Duration::zero())).await;

    assert_eq!((within.len(), before.len()), (1, 0));
}

#[tokio::test]
async fn entries_are_found_by_the_kind_of_who_acted() {
    let app = TestApp::start().await;
    let owner = app.owner().await;

    let by_system = entries(&app, &owner, "actor_kind=system").await;

    assert!(by_system.iter().any(|entry| entry["action"] == "staff.create"), "the first owner");
    assert!(by_system.iter().all(|entry| entry["actor_kind"] == "system"));
}
