//! Segments over HTTP: saved, counted, refused.

use chrono::Duration;
use entity::states::{Channel, StaffRole};
use entity::{audit_entry, segment_size};
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use service::audience::count_segments;
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

async fn everybody(app: &TestApp, staff: &str, name: &str) -> String {
    let body = json!({ "name": name, "rule": { "all": [] } });
    let made = app.post("/v1/console/segments", body).with_bearer(staff).await.expect(201);
    format!("/v1/console/segments/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_deleted_segment_is_gone_for_all_and_its_name_is_free() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let path = everybody(&app, &staff, "常客").await;

    app.delete(&path).with_bearer(&staff).await.expect(204);

    app.delete(&path).with_bearer(&staff).await.expect_problem(404, "not_found");
    app.get(&path).with_bearer(&staff).await.expect_problem(404, "not_found");
    app.get(&format!("{path}/sizes")).with_bearer(&staff).await.expect_problem(404, "not_found");
    let changed = json!({ "name": "老客", "rule": { "all": [] } });
    app.put(&path, changed).with_bearer(&staff).await.expect_problem(404, "not_found");
    let listed = app.get("/v1/console/segments").with_bearer(&staff).await.expect(200);
    assert_eq!(listed["items"], json!([]));
    let campaign = json!({
        "name": "春茶", "segment_id": path.rsplit('/').next(), "channel": "inbox",
        "message": { "title": "春茶", "body": "到店了。" },
    });
    app.post("/v1/console/campaigns", campaign).with_bearer(&staff).await.expect_invalid("segment_id");
    everybody(&app, &staff, "常客").await;
    let acts = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq("segment.delete"));
    assert_eq!(acts.one(app.ctx.db.read()).await.unwrap().unwrap().detail["name"], "常客");
}

#[tokio::test]
async fn a_segment_of_a_campaign_that_is_not_over_stays_and_the_refusal_names_it() {
    let app = TestApp::with_platforms().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.name = "春茶上新".to_owned()).await;
    let campaign = format!("/v1/console/campaigns/{id}");
    let segment = app.get(&campaign).with_bearer(&staff).await.expect(200)["segment_id"].clone();
    let path = format!("/v1/console/segments/{}", segment.as_str().unwrap());

    let refused = app.delete(&path).with_bearer(&staff).await.expect_refusal("segment_in_use");
    app.post(&format!("{campaign}/cancel"), json!({})).with_bearer(&staff).await.expect(200);
    app.drain().await;
    app.delete(&path).with_bearer(&staff).await.expect(204);

    assert_eq!(refused["facts"]["campaigns"], json!(["春茶上新"]));
    let over = app.get(&campaign).with_bearer(&staff).await.expect(200);
    assert_eq!(over["segment_id"], segment, "it still says which one it was");
}

#[tokio::test]
async fn a_campaign_drafted_while_its_segment_is_deleted_has_it_or_is_refused() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let path = everybody(&app, &staff, "常客").await;
    let campaign = json!({
        "name": "春茶", "segment_id": path.rsplit('/').next(), "channel": "inbox",
        "message": { "title": "春茶", "body": "到店了。" },
    });

    let (drafted, deleted) = tokio::join!(
        app.post("/v1/console/campaigns", campaign).with_bearer(&staff).into_future(),
        app.delete(&path).with_bearer(&staff).into_future(),
    );

    if drafted.status == StatusCode::CREATED {
        deleted.expect_refusal("segment_in_use");
    } else {
        drafted.expect_invalid("segment_id");
        deleted.expect(204);
    }
}

#[tokio::test]
async fn a_segments_size_is_kept_for_each_day_and_the_days_last_count_stands() {
    let app = TestApp::start().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    app.members(2).await;
    let path = everybody(&app, &staff, "所有人").await;
    let sizes = async || {
        let reader = app.staff_session(StaffRole::StoreManager).await;
        let answer = app.get(&format!("{path}/sizes")).with_bearer(&reader).await.expect(200);
        let sizes = answer["sizes"].as_array().unwrap().clone();
        sizes.iter().map(|size| size["members"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sizes().await, [2], "counted when it was saved");

    app.members(1).await;
    assert_eq!(count_segments(&app.ctx).await.unwrap(), 0, "today has its size");
    app.put(&path, json!({ "name": "大家", "rule": { "all": [] } })).with_bearer(&staff).await.expect(200);
    assert_eq!(sizes().await, [3]);
    app.clock.advance(Duration::days(1));
    app.members(1).await;
    let counts = join_all((0..3).map(|_| count_segments(&app.ctx))).await;
    assert!(counts.iter().all(Result::is_ok), "several at once count the same day: {counts:?}");
    assert_eq!(sizes().await, [3, 4]);
    assert_eq!(segment_size::Entity::find().count(app.ctx.db.read()).await.unwrap(), 2);

    let staff = app.staff_session(StaffRole::Marketer).await;
    let today = app.get(&format!("{path}/sizes?days=1")).with_bearer(&staff).await.expect(200);
    assert_eq!(today["sizes"].as_array().map(Vec::len), Some(1));
    for days in [0, 401] {
        let wrong = format!("{path}/sizes?days={days}");
        app.get(&wrong).with_bearer(&staff).await.expect_invalid("days");
    }
}
