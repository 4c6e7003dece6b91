//! The member's own messages.

mod why;

use entity::states::Channel;
use futures_util::future::join_all;
use serde_json::Value;
use tests::TestApp;

#[tokio::test]
async fn a_message_is_read_once_however_often_and_only_by_its_member() {
    let app = TestApp::with_platforms().await;
    let members = app.members(2).await;
    app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let (own, other) = (app.member_session(members[0]).await, app.member_session(members[1]).await);
    let inbox = app.get("/v1/me/inbox").with_bearer(&own).await.expect(200);
    assert_eq!(inbox["unread"], 1);
    assert_eq!(inbox["items"][0]["body"], "会员，周五全场八折。");
    let path = format!("/v1/me/inbox/{}/read", inbox["items"][0]["id"].as_str().unwrap());
    app.post(&path, Value::Null).with_bearer(&other).await.expect_problem(404, "not_found");
    let one = format!("/v1/me/inbox/{}", inbox["items"][0]["id"].as_str().unwrap());
    assert_eq!(app.get(&one).with_bearer(&own).await.expect(200), inbox["items"][0]);
    app.get(&one).with_bearer(&other).await.expect_problem(404, "not_found");
    let unread = app.get("/v1/me/inbox").with_bearer(&own).await.expect(200);
    assert_eq!(unread["unread"], 1, "looking alone does not mark it");
    let reading = (0..4).map(|_| app.post(&path, Value::Null).with_bearer(&own).into_future());
    for answer in join_all(reading).await {
        answer.expect(204);
    }
    let read = app.get("/v1/me/inbox").with_bearer(&own).await.expect(200);
    let first = read["items"][0]["read_at"].clone();
    app.advance(chrono::Duration::hours(1)).await;
    app.post(&path, Value::Null).with_bearer(&own).await.expect(204);
    let again = app.get("/v1/me/inbox").with_bearer(&own).await.expect(200);
    assert_eq!((&again["unread"], &again["items"][0]["read_at"]), (&0.into(), &first));
}
