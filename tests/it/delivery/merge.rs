//! Two records become one while campaigns reach them: caps count what both got, what is in flight is settled, nobody is lost.

use chrono::Duration;
use entity::states::{Channel, DeliveryState, StaffRole};
use entity::{inbox_message, merged_slot};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use service::ids::MemberId;
use service::member::merge::{MergeMembers, merge_members};
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

use super::guarantee::queued;

const SEND: &str = "/cgi-bin/message/subscribe/send";

async fn merge(app: &TestApp, one: MemberId, other: MemberId) -> MemberId {
    let owner = app.caller(StaffRole::Owner);
    let command = MergeMembers { member_id: one, other_id: other, reason: "the same person".to_owned() };
    merge_members(&app.ctx, &owner, command).await.unwrap().id
}

#[tokio::test]
async fn caps_count_what_both_records_got_also_of_one_campaign() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 2").await;
    let members = app.members(2).await;
    let first = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(first).await, [(DeliveryState::Sent, 2)]);

    let kept = merge(&app, members[0], members[1]).await;
    let second = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;

    assert_eq!(app.counts(second).await, [(DeliveryState::Suppressed, 1)]);
    assert_eq!(app.reasons(second).await, [("frequency_cap".to_owned(), 1)]);
    let carried = merged_slot::Entity::find().one(app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(carried.member_id, kept);
    let messages = inbox_message::Entity::find().filter(inbox_message::Column::MemberId.eq(kept));
    assert_eq!(messages.count(app.ctx.db.read()).await.unwrap(), 2);
}

#[tokio::test]
async fn of_one_campaign_a_message_that_was_not_sent_yet_is_sent_once() {
    let app = TestApp::with_platforms().await;
    let members = app.members(2).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let deliveries = queued(&app, id).await;
    assert_eq!(deliveries.len(), 2);

    let kept = merge(&app, members[0], members[1]).await;
    super::guarantee::send_all(&app, id, &deliveries).await;

    assert_eq!(app.delivery_to(id, kept).await.state, DeliveryState::Sent);
    assert_eq!(app.reasons(id).await, [("merged".to_owned(), 1)]);
    assert!(service::delivery::Reason::from_code("merged").is_some());
    let staff = app.staff_session(StaffRole::Owner).await;
    let explained = app.explanation(&staff, id, members[1]).await;
    assert_eq!(explained["delivery"]["state"], "sent", "the old id is explained as the new one: {explained}");
}

#[tokio::test]
async fn a_message_in_flight_is_settled_for_the_member_who_stays() {
    let app = TestApp::with_platforms().await;
    let elder = app.members(1).await[0];
    app.clock.advance(Duration::seconds(1));
    app.sync_clocks().await;
    let reached = app.reachable(1, 2).await.remove(0);
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.set_fault(SEND, json!({ "latency_ms": 1_500 })).await;
    let sending = app.drain_aside();
    app.wait_for(id, DeliveryState::Sending, 1).await;

    let kept = merge(&app, elder, reached.member).await;
    sending.await.unwrap();
    app.clear_faults().await;
    app.drain().await;

    assert_eq!(kept, elder);
    assert_eq!(app.consent_left(kept, COUPON_EXPIRY).await, (1, 0), "one spent, none held");
    assert_eq!(app.delivery_to(id, kept).await.state, DeliveryState::Delivered);
    assert_eq!(app.messages_of(&reached.person).await.len(), 1);
}

#[tokio::test]
async fn merges_that_race_a_campaign_lose_nobody_and_count_every_message() {
    let app = TestApp::with_platforms().await;
    let members = app.members(24).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;

    let sending = app.drain_aside();
    let merging = members.chunks(2).map(|pair| merge(&app, pair[0], pair[1]));
    let kept = futures_util::future::join_all(merging).await;
    sending.await.unwrap();
    app.drain().await;

    let rows = app.deliveries_of(id).await;
    assert!(
        rows.iter().all(|row| matches!(row.state, DeliveryState::Sent | DeliveryState::Suppressed)),
        "{:?}",
        app.counts(id).await
    );
    let sent = rows.iter().filter(|row| row.state == DeliveryState::Sent).count() as u64;
    let messages = inbox_message::Entity::find().filter(inbox_message::Column::MemberId.is_in(kept.clone()));
    assert_eq!(messages.count(app.ctx.db.read()).await.unwrap(), sent, "each message is with who stays");
    let own = rows.iter().filter(|row| row.slot_at.is_some() && kept.contains(&row.member_id)).count() as u64;
    let carried = merged_slot::Entity::find().count(app.ctx.db.read()).await.unwrap();
    assert_eq!(own + carried, sent, "each message counts for a cap");
}
