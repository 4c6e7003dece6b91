//! Two records become one while campaigns reach them: caps count what both got, what is in flight is settled, nobody is lost.

use chrono::Duration;
use entity::states::{Channel, DeliveryState, StaffRole};
use entity::{delivery, inbox_message, merged_slot};
use futures_util::future::join_all;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde_json::json;
use service::ids::{CampaignId, MemberId};
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

/// As a merge of its member holds it, or a receipt that is written.
#[tokio::test]
async fn a_message_that_somebody_holds_when_it_is_claimed_waits_for_no_lease() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let deliveries = queued(&app, id).await;
    let held = app.ctx.db.begin().await.unwrap();
    let row = delivery::Entity::find_by_id(deliveries[1]).lock(LockType::NoKeyUpdate);
    row.one(&held).await.unwrap().unwrap();

    let let_go = async {
        app.somebody_waits().await;
        held.rollback().await.unwrap();
    };
    tokio::join!(super::guarantee::send_all(&app, id, &deliveries), let_go);
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 3)]);
}

#[tokio::test]
async fn merges_that_race_a_campaign_lose_nobody_and_count_every_message() {
    let app = TestApp::with_platforms().await;
    let members = app.members(24).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;

    let sending = app.drain_aside();
    let kept = merge_in_pairs(&app, &members).await;
    sending.await.unwrap();
    app.drain().await;

    each_is_settled_and_counted(&app, id, &kept).await;
}

#[tokio::test]
async fn merges_that_race_the_claim_lose_nobody_and_count_every_message() {
    let app = TestApp::with_platforms().await;
    let members = app.members(24).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let deliveries = queued(&app, id).await;

    let (kept, ()) =
        tokio::join!(merge_in_pairs(&app, &members), super::guarantee::send_all(&app, id, &deliveries));
    app.drain().await;

    each_is_settled_and_counted(&app, id, &kept).await;
}

/// All at once; those who stay.
async fn merge_in_pairs(app: &TestApp, members: &[MemberId]) -> Vec<MemberId> {
    join_all(members.chunks(2).map(|pair| merge(app, pair[0], pair[1]))).await
}

async fn each_is_settled_and_counted(app: &TestApp, id: CampaignId, kept: &[MemberId]) {
    let rows = app.deliveries_of(id).await;
    let unsettled: Vec<_> = rows
        .iter()
        .filter(|row| !matches!(row.state, DeliveryState::Sent | DeliveryState::Suppressed))
        .map(|row| (row.state, row.reason.clone(), row.due_at))
        .collect();
    assert!(unsettled.is_empty(), "{unsettled:?}");
    let sent = rows.iter().filter(|row| row.state == DeliveryState::Sent).count() as u64;
    let messages = inbox_message::Entity::find().filter(inbox_message::Column::MemberId.is_in(kept.to_vec()));
    assert_eq!(messages.count(app.ctx.db.read()).await.unwrap(), sent, "each message is with who stays");
    let own = rows.iter().filter(|row| row.slot_at.is_some() && kept.contains(&row.member_id)).count() as u64;
    let carried = merged_slot::Entity::find().count(app.ctx.db.read()).await.unwrap();
    assert_eq!(own + carried, sent, "each message counts for a cap");
}
