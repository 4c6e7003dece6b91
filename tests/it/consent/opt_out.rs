//! A no, its evidence, and that both outlast a new yes.

use chrono::Duration;
use entity::opt_out_event;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::consent::{Said, opt_in, opt_out, opt_out_history_of};
use service::ids::MemberId;
use tests::TestApp;

async fn say_no(app: &TestApp, member: MemberId) -> bool {
    let txn = app.ctx.db.begin().await.unwrap();
    let said = Said::by("sms_reply", json!({ "text": "R" }));
    let changed = opt_out(&app.ctx, &txn, member, ("sms", "all"), said).await.unwrap();
    txn.commit().await.unwrap();
    changed
}

async fn say_yes(app: &TestApp, member: MemberId) -> bool {
    let txn = app.ctx.db.begin().await.unwrap();
    let said = Said::by("member", json!({}));
    let changed = opt_in(&app.ctx, &txn, member, ("sms", "all"), said).await.unwrap();
    txn.commit().await.unwrap();
    changed
}

async fn history(app: &TestApp, member: MemberId) -> Vec<opt_out_event::Model> {
    opt_out_history_of(app.ctx.db.read(), member).await.unwrap()
}

#[tokio::test]
async fn a_no_said_twice_or_at_the_same_time_is_one_no_with_one_piece_of_evidence() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let changed = join_all((0..5).map(|_| say_no(&app, member))).await;
    assert_eq!(changed.iter().filter(|changed| **changed).count(), 1);
    assert!(!say_no(&app, member).await);

    let said = history(&app, member).await;
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].channel.as_str(), said[0].topic.as_str()), ("sms", "all"));
    assert_eq!((said[0].change.as_str(), said[0].source.as_str()), ("opted_out", "sms_reply"));
    assert_eq!(said[0].evidence, json!({ "text": "R" }));
}

#[tokio::test]
async fn a_yes_taken_at_the_same_time_twice_is_one_and_the_evidence_of_both_stays_for_good() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    say_no(&app, member).await;
    let changed = join_all((0..3).map(|_| say_yes(&app, member))).await;
    assert_eq!(changed.iter().filter(|changed| **changed).count(), 1);

    app.clock.advance(Duration::days(200));
    service::delivery::recover(&app.ctx).await.unwrap();
    service::idempotency::forget_old(&app.ctx).await.unwrap();
    let changes: Vec<_> = history(&app, member).await.into_iter().map(|row| row.change).collect();
    assert_eq!(changes, ["opted_out", "opted_in"]);
}

#[tokio::test]
async fn the_members_own_settings_leave_evidence_only_where_they_change_something() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let save = |opt_outs: Value| {
        let wishes = json!({
            "opt_outs": opt_outs, "weekly_limit": null, "quiet_hours": null, "paused_until": null, "personalised": true,
        });
        app.put("/v1/me/preferences", wishes).with_bearer(&token)
    };
    let one = json!([{ "channel": "sms", "topic": "offers" }]);
    save(one.clone()).await.expect(200);
    save(one).await.expect(200);
    save(json!([])).await.expect(200);

    let said: Vec<_> =
        history(&app, member).await.into_iter().map(|row| (row.change, row.source, row.topic)).collect();
    let row = |change: &str| (change.to_owned(), "member".to_owned(), "offers".to_owned());
    assert_eq!(said, [row("opted_out"), row("opted_in")]);
}

#[tokio::test]
async fn leaving_the_programme_is_a_no_to_everything_with_evidence() {
    let app = TestApp::start().await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    app.delete("/v1/me").with_bearer(&token).await.expect(204);
    let said = history(&app, member).await;
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].channel.as_str(), said[0].source.as_str()), ("all", "deletion"));
}
