//! Tags: made once, put on once, counted.

use serde_json::{Value, json};
use tests::TestApp;
use tests::people::text;

async fn members_of(app: &TestApp, owner: &str) -> Value {
    let tags = app.get("/v1/console/tags").with_bearer(owner).await.expect(200);
    tags["items"][0]["members"].clone()
}

#[tokio::test]
async fn a_tag_is_put_on_and_taken_off_once_however_often_it_is_asked() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let member = app.member("13800138000").await;
    let tag = app.post("/v1/console/tags", json!({ "name": "VIP" })).with_bearer(&owner).await.expect(201);
    let path = format!("/v1/console/members/{member}/tags/{}", text(&tag, "id"));

    let tries = (0..3).map(|_| async { app.put(&path, json!({})).with_bearer(&owner).await });
    for answer in futures_util::future::join_all(tries).await {
        answer.expect(204);
    }
    assert_eq!(members_of(&app, &owner).await, 1);
    let tagged = format!("/v1/console/members?tag={}", text(&tag, "id"));
    let tagged = app.get(&tagged).with_bearer(&owner).await.expect(200);
    assert_eq!(tagged["items"][0]["id"], member.to_string());
    let detail = app.get(&format!("/v1/console/members/{member}")).with_bearer(&owner).await.expect(200);
    assert_eq!(detail["tags"][0]["name"], "VIP");

    for _ in 0..2 {
        app.delete(&path).with_bearer(&owner).await.expect(204);
    }
    assert_eq!(members_of(&app, &owner).await, 0);
    let audit = format!("/v1/console/audit?subject_id={member}");
    let audit = app.get(&audit).with_bearer(&owner).await.expect(200);
    let actions: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|entry| text(entry, "action")).collect();
    assert_eq!(actions, ["member.untag", "member.tag"]);
}

#[tokio::test]
async fn a_tags_name_is_taken_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let body = json!({ "name": "VIP" });

    let tries = (0..3).map(|_| async { app.post("/v1/console/tags", &body).with_bearer(&owner).await });
    let answers = futures_util::future::join_all(tries).await;

    let made = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!(made, 1);
    app.post("/v1/console/tags", &body).with_bearer(&owner).await.expect_refusal("name_taken");
}

#[tokio::test]
async fn an_unknown_tag_or_member_is_not_found() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let member = app.member("13800138000").await;
    let nobody = "0190a000-0000-7000-8000-000000000000";
    let tag = app.post("/v1/console/tags", json!({ "name": "VIP" })).with_bearer(&owner).await.expect(201);

    for path in [format!("{member}/tags/{nobody}"), format!("{nobody}/tags/{}", text(&tag, "id"))] {
        let path = format!("/v1/console/members/{path}");
        app.put(&path, json!({})).with_bearer(&owner).await.expect_problem(404, "not_found");
    }
}
