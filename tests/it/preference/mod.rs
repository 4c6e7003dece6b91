//! What members wish.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::TestApp;

const PATH: &str = "/v1/me/preferences";

fn wishes(channel: &str, limit: u32) -> Value {
    json!({
        "opt_outs": [{ "channel": channel, "topic": "all" }], "weekly_limit": limit,
        "quiet_hours": { "start": "12:00", "end": "14:00" }, "paused_until": null, "personalised": false,
    })
}

#[tokio::test]
async fn wishes_are_replaced_whole_and_saving_them_twice_changes_nothing() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let before = app.get(PATH).with_bearer(&token).await.expect(200);
    assert_eq!((&before["opt_outs"], &before["personalised"]), (&json!([]), &json!(true)));
    for _ in 0..2 {
        let saved = app.put(PATH, wishes("sms", 3)).with_bearer(&token).await.expect(200);
        assert_eq!(saved, wishes("sms", 3));
    }
    app.put(PATH, wishes("inbox", 5)).with_bearer(&token).await.expect(200);
    assert_eq!(app.get(PATH).with_bearer(&token).await.expect(200), wishes("inbox", 5));
}

#[tokio::test]
async fn a_wish_for_one_channel_is_kept_and_dropped_with_the_next_set() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let mut body = wishes("sms", 3);
    body["channel_limits"] = json!({ "inbox": 2, "sms": 1 });
    let saved = app.put(PATH, &body).with_bearer(&token).await.expect(200);
    assert_eq!(saved["channel_limits"], body["channel_limits"]);
    app.put(PATH, wishes("sms", 3)).with_bearer(&token).await.expect(200);
    assert!(app.get(PATH).with_bearer(&token).await.expect(200).get("channel_limits").is_none());
}

#[tokio::test]
async fn wishes_saved_at_the_same_time_leave_one_of_them_and_no_mixture() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let all: Vec<Value> =
        ["all", "sms", "inbox", "wechat_subscribe"].map(|channel| wishes(channel, 2)).to_vec();
    let saving = all.iter().map(|wishes| app.put(PATH, wishes).with_bearer(&token).into_future());
    for answer in join_all(saving).await {
        answer.expect(200);
    }
    let left = app.get(PATH).with_bearer(&token).await.expect(200);
    assert!(all.contains(&left), "{left}");
}

#[tokio::test]
async fn a_wish_that_means_nothing_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let a_year = app.ctx.now() + chrono::Duration::days(400);
    for (field, change) in [
        ("opt_outs[0].channel", json!({ "opt_outs": [{ "channel": "fax", "topic": "all" }] })),
        ("opt_outs[0].topic", json!({ "opt_outs": [{ "channel": "sms", "topic": "" }] })),
        ("weekly_limit", json!({ "weekly_limit": 0 })),
        ("channel_limits.fax", json!({ "channel_limits": { "fax": 1 } })),
        ("channel_limits.sms", json!({ "channel_limits": { "sms": 0 } })),
        ("paused_until", json!({ "paused_until": a_year })),
        ("quiet_hours.start", json!({ "quiet_hours": { "start": "25:00", "end": "08:00" } })),
    ] {
        let mut body = wishes("sms", 1);
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        app.put(PATH, body).with_bearer(&token).await.expect_invalid(field);
    }
}
