//! What each answer of WeChat leads to, through the sandbox's fault knobs.

use chrono::Duration;
use entity::attempt;
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use service::ids::{CampaignId, DeliveryId};
use tests::TestApp;
use tests::builders::Reachable;
use tests::platforms::COUPON_EXPIRY;

const SEND: &str = "/cgi-bin/message/subscribe/send";

async fn started(consents: u32) -> (TestApp, Vec<Reachable>) {
    let app =
        TestApp::with_platforms_and("caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0")
            .await;
    let reachable = app.reachable(4, consents).await;
    (app, reachable)
}

async fn codes_of(app: &TestApp, id: DeliveryId) -> Vec<(String, Option<String>)> {
    attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.eq(id))
        .order_by_asc(attempt::Column::Id)
        .all(app.ctx.db.read())
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.outcome, row.code))
        .collect()
}

async fn refuse(app: &TestApp, errcode: i64) {
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": errcode })).await;
}

async fn resume(app: &TestApp, id: CampaignId) {
    let owner = app.staff_session(StaffRole::Owner).await;
    let path = format!("/v1/console/campaigns/{id}/resume");
    app.post(&path, json!({})).with_bearer(&owner).await.expect(200);
}

#[tokio::test]
async fn a_lost_consent_zeroes_the_ledger_and_is_not_tried_again() {
    let (app, reachable) = started(2).await;
    refuse(&app, 43101).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.advance(Duration::days(1)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Failed, 4)]);
    assert_eq!(app.reasons(id).await, [("no_consent".to_owned(), 4)]);
    for one in &reachable {
        assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
        let row = app.delivery_to(id, one.member).await;
        assert_eq!(codes_of(&app, row.id).await, [("refused".to_owned(), Some("43101".to_owned()))]);
        assert_eq!(row.slot_at, None, "what was not sent takes no place under the cap");
    }
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_bad_openid_and_bad_content_fail_that_message_alone_and_use_no_consent() {
    for (errcode, reason) in [
        (40003, "no_address"),
        (47003, "content_invalid"),
        (45168, "content_invalid"),
        (43116, "platform_refused"),
    ] {
        let (app, reachable) = started(1).await;
        refuse(&app, errcode).await;
        let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
        app.drain().await;

        assert_eq!(app.counts(id).await, [(DeliveryState::Failed, 4)], "{errcode}");
        assert_eq!(app.reasons(id).await, [(reason.to_owned(), 4)], "{errcode}");
        assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0), "{errcode}");
        assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed, "{errcode}");
    }
}

#[tokio::test]
async fn a_refusal_that_everybody_would_get_pauses_the_campaign_and_resuming_sends_to_all() {
    let (app, reachable) = started(5).await;
    for (round, errcode) in [40037, 41030, 43107, 48001, 40001].into_iter().enumerate() {
        let left = 5 - i32::try_from(round).unwrap();
        refuse(&app, errcode).await;
        let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
        app.drain().await;

        let row = app.campaign_row(id).await;
        assert_eq!((row.state, row.state_reason), (CampaignState::Paused, Some(errcode.to_string())));
        assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 4)], "{errcode}");
        assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (left, 0), "{errcode}");

        app.clear_faults().await;
        resume(&app, id).await;
        app.drain().await;
        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4)], "{errcode}");
        assert_eq!(app.messages_received(), 4 * (round + 1));
        assert_eq!(app.campaign_row(id).await.state_reason, None);
    }
}

#[tokio::test]
async fn a_busy_platform_is_tried_again_with_back_off_and_nothing_is_lost() {
    let (app, reachable) = started(1).await;
    refuse(&app, -1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 4)]);
    assert_eq!(app.reasons(id).await, [("platform_busy".to_owned(), 4)]);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
    assert!(app.deliveries_of(id).await.iter().all(|row| row.slot_at.is_none()));

    app.advance(Duration::seconds(6)).await;
    app.drain().await;
    app.clear_faults().await;
    app.advance(Duration::seconds(20)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 4)], "the second wait is longer");
    app.advance(Duration::seconds(17)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4)]);
    let row = app.delivery_to(id, reachable[0].member).await;
    let outcomes: Vec<_> = codes_of(&app, row.id).await.into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(outcomes, ["again", "again", "sent"]);
    assert_eq!(row.reason, None);
}

#[tokio::test]
async fn a_platform_that_stays_busy_is_given_up_with_a_reason_and_the_consent_stays() {
    let (app, reachable) = started(1).await;
    refuse(&app, -1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    for _ in 0..5 {
        app.drain().await;
        app.advance(Duration::hours(3)).await;
        // Not into the night.
        app.set_time(app.ctx.now() - Duration::hours(2)).await;
    }
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Failed, 4)]);
    assert_eq!(app.reasons(id).await, [("tries_exceeded".to_owned(), 4)]);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
    let row = app.delivery_to(id, reachable[0].member).await;
    assert_eq!(codes_of(&app, row.id).await.len(), 5);
}

#[tokio::test]
async fn a_throttled_channel_rests_for_every_campaign_and_gives_up_nobody() {
    let (app, _) = started(3).await;
    refuse(&app, 45011).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.clear_faults().await;
    let other = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 0, "the channel rests for the other campaign too");
    assert_eq!(app.reasons(id).await, [("platform_throttled".to_owned(), 4)]);

    refuse(&app, 45011).await;
    for _ in 0..8 {
        app.advance(Duration::seconds(61)).await;
        app.drain().await;
    }
    app.clear_faults().await;
    app.advance(Duration::seconds(61)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4)]);
    assert_eq!(app.counts(other).await, [(DeliveryState::Delivered, 4)]);
}

#[tokio::test]
async fn an_answer_that_was_never_heard_is_unknown_and_its_receipt_settles_it() {
    let (app, reachable) = started(2).await;
    app.set_fault(SEND, json!({ "timeout_after_effect_rate": 1.0, "hang_ms": 5 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.clear_faults().await;
    app.advance(Duration::hours(1)).await;
    app.drain().await;

    assert_eq!(app.messages_received(), 4, "the effect was had once");
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4)]);
    for one in &reachable {
        assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (1, 0));
        let row = app.delivery_to(id, one.member).await;
        assert!(row.platform_message_id.is_some() && row.slot_at.is_some());
    }
}

#[tokio::test]
async fn an_unheard_answer_without_a_receipt_stays_unknown_and_is_never_sent_again() {
    let (app, reachable) = started(2).await;
    let faults = json!({
        "paths": { SEND: { "timeout_after_effect_rate": 1.0, "hang_ms": 5 } }, "callbacks": { "lost_rate": 1.0 },
    });
    app.sandbox(Method::PUT, "/faults", faults).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.clear_faults().await;
    for _ in 0..3 {
        app.advance(Duration::minutes(50)).await;
        service::delivery::recover(&app.ctx).await.unwrap();
        app.drain().await;
    }

    assert_eq!(app.messages_received(), 4);
    assert_eq!(app.counts(id).await, [(DeliveryState::Unknown, 4)]);
    assert_eq!(app.reasons(id).await, [("answer_never_heard".to_owned(), 4)]);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_receipt_settles_what_was_sent_before_or_after_its_answer_late_or_twice() {
    let (app, _) = started(3).await;
    for callbacks in [
        json!({ "before_response": true }),
        json!({ "delay_ms": 1_500_000 }),
        json!({ "duplicate_rate": 1.0 }),
    ] {
        app.set_callback_faults(callbacks.clone()).await;
        let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
        app.worker().drain().await.unwrap();
        app.advance(Duration::minutes(30)).await;
        app.drain().await;
        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4)], "{callbacks}");
    }
}

#[tokio::test]
async fn a_message_that_the_platform_could_not_deliver_is_bounced_with_a_reason() {
    let (app, _) = started(1).await;
    app.set_callback_faults(json!({ "failed_rate": 1.0 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Bounced, 4)]);
    assert_eq!(app.reasons(id).await, [("delivery_failed".to_owned(), 4)]);
    assert_eq!(app.messages_received(), 0);
}

#[tokio::test]
async fn a_revoked_token_is_refreshed_once_and_the_messages_go_out() {
    let (app, _) = started(2).await;
    let first = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let before = tokens_issued(&app).await;
    app.sandbox(Method::POST, "/tokens/revoke", Value::Null).await;
    let second = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;

    assert_eq!(app.counts(first).await, [(DeliveryState::Delivered, 4)]);
    assert_eq!(app.counts(second).await, [(DeliveryState::Delivered, 4)]);
    assert_eq!(tokens_issued(&app).await - before, 1);
}

async fn tokens_issued(app: &TestApp) -> u64 {
    let counters = app.sandbox(Method::GET, "/counters", Value::Null).await;
    counters["requests"]["/cgi-bin/stable_token"].as_u64().unwrap_or_default()
}
