//! Tags by rule: put on with date and reason, taken off, page by page, and never what staff put on.

use chrono::Duration;
use serde_json::{Value, json};
use service::ids::MemberId;
use service::tag::apply_tag_rules;
use tests::TestApp;
use tests::people::text;

async fn tag(app: &TestApp, owner: &str, name: &str) -> String {
    text(&app.post("/v1/console/tags", json!({ "name": name })).with_bearer(owner).await.expect(201), "id")
}

async fn set_rule(app: &TestApp, owner: &str, tag: &str, rule: Value) -> tests::Answer {
    let body = json!({ "rule": rule, "reason": "填写了姓名的女士" });
    app.put(&format!("/v1/console/tags/{tag}/rule"), body).with_bearer(owner).await
}

async fn is_woman(app: &TestApp, id: MemberId, yes: bool) {
    let token = app.member_session(id).await;
    let gender = if yes { json!("female") } else { Value::Null };
    app.patch("/v1/me", json!({ "gender": gender })).with_bearer(&token).await.expect(200);
}

async fn tags_of(app: &TestApp, owner: &str, id: MemberId) -> Value {
    app.get(&format!("/v1/console/members/{id}")).with_bearer(owner).await.expect(200)["tags"].clone()
}

#[tokio::test]
async fn who_fits_gets_the_tag_with_date_and_reason_and_loses_it_when_no_longer() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let (one, other) = (app.member("13800138000").await, app.member("13800138001").await);
    is_woman(&app, one, true).await;
    let id = tag(&app, &owner, "女士").await;
    set_rule(&app, &owner, &id, json!({ "gender": "female" })).await.expect(200);

    assert_eq!(apply_tag_rules(&app.ctx).await.unwrap(), 1);
    let carried = tags_of(&app, &owner, one).await;
    assert_eq!((&carried[0]["source"], &carried[0]["reason"]), (&json!("rule"), &json!("填写了姓名的女士")));
    assert_eq!(carried[0]["since"], json!("2026-03-02T02:00:00Z"));
    assert_eq!(tags_of(&app, &owner, other).await, json!([]));
    let listed = app.get("/v1/console/tags").with_bearer(&owner).await.expect(200);
    assert_eq!(listed["items"][0]["rule"]["computed_at"], json!("2026-03-02T02:00:00Z"));

    is_woman(&app, one, false).await;
    is_woman(&app, other, true).await;
    assert_eq!(apply_tag_rules(&app.ctx).await.unwrap(), 0, "not before an hour has passed");
    app.clock.advance(Duration::hours(1));
    let (first, second) = tokio::join!(apply_tag_rules(&app.ctx), apply_tag_rules(&app.ctx));
    assert_eq!(first.unwrap() + second.unwrap(), 2, "by two processes at once each change is made once");
    app.clock.advance(Duration::minutes(1));
    let token = app.staff_session(entity::states::StaffRole::Owner).await;
    assert_eq!(tags_of(&app, &token, one).await, json!([]));
    assert_eq!(tags_of(&app, &token, other).await[0]["since"], json!("2026-03-02T03:00:00Z"));
}

#[tokio::test]
async fn what_staff_put_on_stays_also_when_the_rule_is_taken_away() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let (by_hand, by_rule) = (app.member("13800138000").await, app.member("13800138001").await);
    is_woman(&app, by_rule, true).await;
    let id = tag(&app, &owner, "女士").await;
    let path = format!("/v1/console/members/{by_hand}/tags/{id}");
    app.put(&path, json!({})).with_bearer(&owner).await.expect(204);
    set_rule(&app, &owner, &id, json!({ "gender": "female" })).await.expect(200);

    apply_tag_rules(&app.ctx).await.unwrap();
    assert_eq!(tags_of(&app, &owner, by_hand).await[0]["source"], "staff");
    assert_eq!(tags_of(&app, &owner, by_rule).await[0]["source"], "rule");
    for _ in 0..2 {
        app.delete(&format!("/v1/console/tags/{id}/rule")).with_bearer(&owner).await.expect(204);
    }

    assert_eq!(tags_of(&app, &owner, by_hand).await[0]["source"], "staff");
    assert_eq!(tags_of(&app, &owner, by_rule).await, json!([]));
    assert_eq!(apply_tag_rules(&app.ctx).await.unwrap(), 0);
}

#[tokio::test]
async fn a_pass_goes_over_all_members_page_by_page() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.members(4_100).await;
    let id = tag(&app, &owner, "所有人").await;
    set_rule(&app, &owner, &id, json!({ "all": [] })).await.expect(200);

    assert_eq!(apply_tag_rules(&app.ctx).await.unwrap(), 4_100);

    let listed = app.get("/v1/console/tags").with_bearer(&owner).await.expect(200);
    assert_eq!(listed["items"][0]["members"], 4_100);
}

#[tokio::test]
async fn a_rule_that_asks_for_its_own_tag_or_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let id = tag(&app, &owner, "VIP").await;
    let own = json!({ "any": [{ "none": [{ "tag": "VIP" }] }] });
    set_rule(&app, &owner, &id, own).await.expect_invalid("rule");
    set_rule(&app, &owner, &id, json!({ "birthday_month": 13 })).await.expect_invalid("rule");
    let body = json!({ "rule": { "all": [] }, "reason": "" });
    app.put(&format!("/v1/console/tags/{id}/rule"), body).with_bearer(&owner).await.expect_invalid("reason");
}
