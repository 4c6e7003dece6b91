//! Segments over HTTP: saved, counted, refused.

use entity::audit_entry;
use entity::states::StaffRole;
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn a_segment_is_saved_read_changed_and_audited() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let rule = json!({ "all": [{ "purchase_count": { "at_least": 2 } }, { "none": [{ "tag": "VIP" }] }] });
    let body = json!({ "name": "常客", "rule": rule });
    let made = app.post("/v1/console/segments", &body).with_bearer(&staff).await.expect(201);
    let path = format!("/v1/console/segments/{}", made["id"].as_str().unwrap());
    let read = app.get(&path).with_bearer(&staff).await.expect(200);
    assert_eq!((&read["name"], &read["rule"]), (&body["name"], &body["rule"]));
    let changed = json!({ "name": "老客", "rule": { "all": [] } });
    app.put(&path, &changed).with_bearer(&staff).await.expect(200);
    app.put(&path, &changed).with_bearer(&staff).await.expect(200);
    let listed = app.get("/v1/console/segments").with_bearer(&staff).await.expect(200);
    assert_eq!(listed["items"][0]["name"], "老客");
    let acts = audit_entry::Entity::find().filter(audit_entry::Column::SubjectKind.eq("segment"));
    assert_eq!(acts.count(app.ctx.db.read()).await.unwrap(), 3);
}

#[tokio::test]
async fn a_name_is_given_once_by_however_many_at_once() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let body = json!({ "name": "常客", "rule": { "all": [] } });
    let tries = (0..5).map(|_| app.post("/v1/console/segments", &body).with_bearer(&staff).into_future());
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        answer.expect_refusal("name_taken");
    }
    let other = json!({ "name": "新客", "rule": { "all": [] } });
    let other = app.post("/v1/console/segments", other).with_bearer(&staff).await.expect(201);
    let path = format!("/v1/console/segments/{}", other["id"].as_str().unwrap());
    app.put(&path, &body).with_bearer(&staff).await.expect_refusal("name_taken");
}

#[tokio::test]
async fn a_rule_that_means_nothing_is_refused_before_it_reaches_the_database() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let mut deep = json!({ "all": [] });
    for _ in 0..6 {
        deep = json!({ "all": [deep] });
    }
    let wide: Vec<Value> = (0..100).map(|_| json!({ "never_bought": true })).collect();
    for rule in [
        json!({ "birthday_month": 13 }),
        json!({ "age": {} }),
        json!({ "age": { "at_least": 40, "at_most": 30 } }),
        json!({ "age": { "at_least": i64::MAX } }),
        json!({ "age": { "at_least": -1 } }),
        json!({ "dormant_days": { "at_least": 99_999_999 } }),
        json!({ "last_purchase": { "from": "2026-02-01", "until": "2026-01-01" } }),
        json!({ "enrolled": { "from": "-9999-01-01" } }),
        json!({ "enrolled": { "until": "9999-12-31" } }),
        json!({ "tag": " " }),
        deep,
        json!({ "all": wide }),
    ] {
        let answer =
            app.post("/v1/console/segments/count", json!({ "rule": rule })).with_bearer(&staff).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{rule} {}", answer.text());
    }
}
