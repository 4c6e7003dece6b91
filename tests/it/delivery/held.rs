//! What is held back comes out in order, and what was counted stays counted.

use chrono::{Duration, NaiveTime};
use chrono_tz::Asia::Shanghai;
use entity::states::{Channel, DeliveryState, MessageClass, StaffRole};
use entity::{audit_entry, campaign, delivery_batch, outbox};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use service::calendar;
use service::delivery::dispatch;
use tests::TestApp;

use super::guarantee::{queued, send_all};

#[tokio::test]
async fn the_first_that_quiet_hours_held_back_is_the_first_to_go_and_the_rate_holds() {
    let app = TestApp::with_platforms().await;
    app.reachable(30, 1).await;
    let day = calendar::local_date(app.ctx.now(), Shanghai).succ_opt().unwrap();
    let clock =
        |hour| calendar::instant(day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap()), Shanghai);
    app.set_time(clock(22)).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.rate_per_second = Some(10)).await;
    let ids = queued(&app, id).await;
    while app.counts(id).await != [(DeliveryState::Deferred, 30)] {
        send_all(&app, id, &ids).await;
        delivery_batch::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
        dispatch(&app.ctx).await.unwrap();
        outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    }
    delivery_batch::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    let mut all: Vec<_> = app.deliveries_of(id).await.iter().map(|row| (row.not_before, row.id)).collect();
    all.sort();

    app.set_time(all[29].0).await;
    dispatch(&app.ctx).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    let rows = app.deliveries_of(id).await;
    let mut queued: Vec<_> =
        rows.iter().filter(|row| row.state == DeliveryState::Queued).map(|row| row.id).collect();
    queued.sort();
    assert!(!queued.is_empty() && queued.len() < 30, "{}", queued.len());
    assert_eq!(queued, all.iter().take(queued.len()).map(|(_, id)| *id).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_clock_that_is_set_back_gives_nobody_a_slot_back() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.members(3).await;
    let first = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    app.advance(-Duration::hours(3)).await;
    let second = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(first).await, [(DeliveryState::Sent, 3)]);
    assert_eq!(app.reasons(second).await, [("frequency_cap".to_owned(), 3)]);
}

#[tokio::test]
async fn a_try_that_would_come_after_the_offers_end_is_not_waited_for() {
    let app = TestApp::with_platforms().await;
    app.reachable(2, 1).await;
    app.set_fault("/cgi-bin/message/subscribe/send", json!({ "error_rate": 1.0, "errcode": -1 })).await;
    let end = app.ctx.now() + Duration::seconds(3);
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.offer_ends_at = Some(end)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Failed, 2)]);
    assert_eq!(app.reasons(id).await, [("offer_ended".to_owned(), 2)]);
}

#[tokio::test]
async fn an_edit_of_the_topic_does_not_change_what_was_counted() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let policy = json!({
        "caps": { "per_24_hours": 0, "per_7_days": 0, "per_calendar_day": 0 },
        "cap_rules": [{ "topic": "offers", "per_24_hours": 1 }],
        "quiet_hours": { "start": "00:00", "end": "00:00" },
    });
    app.put("/v1/console/settings", policy).with_bearer(&owner).await.expect(200);
    let first = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let edited =
        campaign::ActiveModel { id: Set(first), topic: Set("news".to_owned()), ..Default::default() };
    campaign::Entity::update(edited).exec(app.ctx.db.writer()).await.unwrap();
    let news = app.scheduled(Channel::Inbox, |draft| draft.topic = "news".to_owned()).await;
    let offers = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(news).await, [(DeliveryState::Sent, 2)]);
    assert_eq!(app.reasons(offers).await, [("frequency_cap".to_owned(), 2)]);
}

#[tokio::test]
async fn a_transactional_campaign_is_exempt_from_caps_and_leaves_an_audit_row() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.members(1).await;
    for _ in 0..2 {
        let id = app.scheduled(Channel::Inbox, |draft| draft.class = MessageClass::Transactional).await;
        app.drain().await;
        assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 1)]);
    }
    let acts =
        audit_entry::Entity::find().filter(audit_entry::Column::Action.eq("campaign.exempt_from_caps"));
    assert_eq!(acts.all(app.ctx.db.read()).await.unwrap().len(), 2);
}
