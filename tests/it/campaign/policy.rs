//! The brand's caps and quiet hours: saved, audited, in force for the next message.

use entity::audit_entry;
use entity::states::{Channel, DeliveryState, StaffRole};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tests::TestApp;

const PATH: &str = "/v1/console/settings";

#[tokio::test]
async fn settings_are_saved_twice_and_at_once_and_every_change_is_audited() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let before = app.get(PATH).with_bearer(&owner).await.expect(200);
    assert_eq!(before["caps"]["per_24_hours"], 2);
    let body = json!({
        "caps": { "per_24_hours": 1, "per_7_days": 9, "per_calendar_day": 0 },
        "cap_rules": [{
            "channel": "sms", "topic": "news", "per_24_hours": 0, "per_7_days": 1, "per_calendar_day": 0,
        }],
        "quiet_hours": { "start": "00:00", "end": "00:00" },
        "review_campaigns": false, "review_above_members": null,
        "sms_segment_fen": 4,
        "budgets": { "month_fen": 100_000, "brand_fen": null },
    });
    let saving = (0..3).map(|_| app.put(PATH, &body).with_bearer(&owner).into_future());
    for answer in join_all(saving).await {
        assert_eq!(answer.expect(200), body);
    }
    assert_eq!(app.get(PATH).with_bearer(&owner).await.expect(200), body);
    let acts = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq("policy.save"));
    let acts = acts.all(app.ctx.db.read()).await.unwrap();
    assert_eq!(acts.len(), 3);
    assert!(acts.iter().any(|act| act.detail["before"] == before && act.detail["after"] == body));

    app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let second = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(second).await, [(DeliveryState::Suppressed, 2)]);
}

#[tokio::test]
async fn only_an_owner_changes_them_and_a_time_of_day_is_checked() {
    let app = TestApp::start().await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let marketer = app.staff_session(StaffRole::Marketer).await;
    let mut body = app.get(PATH).with_bearer(&marketer).await.expect(200);
    app.put(PATH, &body).with_bearer(&marketer).await.expect_problem(403, "forbidden");
    let wrong = [
        ("cap_rules[0]", json!({ "cap_rules": [{ "per_24_hours": 1 }] })),
        ("cap_rules[0]", json!({ "cap_rules": [{ "channel": "sms" }] })),
        ("cap_rules[0].class", json!({ "cap_rules": [{ "class": "transactional", "per_7_days": 1 }] })),
        ("cap_rules[1]", json!({ "cap_rules": vec![json!({ "topic": "news", "per_7_days": 1 }); 2] })),
        ("budgets.month_fen", json!({ "budgets": { "month_fen": -1 } })),
        ("sms_segment_fen", json!({ "sms_segment_fen": 1001 })),
    ];
    for (field, change) in wrong {
        let mut body = body.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.put(PATH, &body).with_bearer(&owner).await.expect_invalid(field);
    }
    body["quiet_hours"]["start"] = "24:30".into();
    app.put(PATH, &body).with_bearer(&owner).await.expect_invalid("quiet_hours.start");
}

#[tokio::test]
async fn the_platforms_templates_are_listed_for_the_one_who_drafts() {
    let app = TestApp::with_platforms().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let listed = app.get(&format!("{PATH}/wechat-templates")).with_bearer(&staff).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 7);
    assert!(listed["items"][0]["content"].as_str().unwrap().contains("thing1.DATA"));
}
