//! Stores: made, changed, listed.

use serde_json::{Value, json};
use tests::TestApp;
use tests::people::text;

#[tokio::test]
async fn a_code_is_taken_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let body = json!({ "code": "S1", "name": "One" });

    let tries = (0..3).map(|_| async { app.post("/v1/console/stores", &body).with_bearer(&owner).await });
    let answers = futures_util::future::join_all(tries).await;

    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    app.post("/v1/console/stores", &body).with_bearer(&owner).await.expect_refusal("code_taken");
    let audit = app.get("/v1/console/audit?action=store.create").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_create_repeated_with_its_key_makes_one_store() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let body = json!({ "code": "S1", "name": "One" });

    let first = app.post("/v1/console/stores", &body).with_bearer(&owner).with_key("k").await.expect(201);
    let second = app.post("/v1/console/stores", &body).with_bearer(&owner).with_key("k").await.expect(201);

    assert_eq!(first, second);
}

#[tokio::test]
async fn a_closed_store_is_shown_to_staff_alone() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let one = app.store(&owner, "S1").await;
    let two = app.store(&owner, "S2").await;
    let path = format!("/v1/console/stores/{two}");

    let closed = app.patch(&path, json!({ "state": "closed" })).with_bearer(&owner).await.expect(200);

    assert_eq!(closed["state"], "closed");
    let public = app.get("/v1/stores").await.expect(200);
    let shown: Vec<_> = public["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
    assert_eq!(shown, [one.to_string()]);
    let all = app.get("/v1/console/stores").with_bearer(&owner).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name_and_null_clears() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let body = json!({ "code": "S1", "name": "One", "zone": "Asia/Urumqi", "address": "Street 1" });
    let store = app.post("/v1/console/stores", body).with_bearer(&owner).await.expect(201);
    let path = format!("/v1/console/stores/{}", text(&store, "id"));

    let nothing = app.patch(&path, json!({})).with_bearer(&owner).await.expect(200);
    let cleared = app.patch(&path, json!({ "address": null })).with_bearer(&owner).await.expect(200);

    assert_eq!(nothing, store);
    assert_eq!(cleared["address"], Value::Null);
    assert_eq!(cleared["zone"], "Asia/Urumqi");
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    for (field, value) in
        [("code", json!("S 1")), ("code", json!("")), ("name", json!(" ")), ("zone", json!("+08:00"))]
    {
        let mut body = json!({ "code": "S1", "name": "One" });
        body[field] = value;
        app.post("/v1/console/stores", body).with_bearer(&owner).await.expect_invalid(field);
    }
}
