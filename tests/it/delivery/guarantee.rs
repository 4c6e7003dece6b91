//! Nobody lost, nobody twice, caps exact, a no is instant, the rate holds. (Every outcome has a reason: `reason`.)

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, OnCap, StaffRole};
use entity::{delivery, outbox};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use service::delivery::{Batch, dispatch, recover, send};
use service::ids::{CampaignId, DeliveryId};
use service::shared_state::{Limit, Permits, Result as Shared, SharedState, SharedStateError};
use service::{campaign, consent, preference};
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;
use tokio_util::sync::CancellationToken;
use worker::schedule;

const SEND: &str = "/cgi-bin/message/subscribe/send";

/// Resolves a campaign and queues its deliveries without a worker; the ids.
pub async fn queued(app: &TestApp, id: CampaignId) -> Vec<DeliveryId> {
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    dispatch(&app.ctx).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    app.deliveries_of(id).await.into_iter().map(|row| row.id).collect()
}

pub async fn send_all(app: &TestApp, id: CampaignId, deliveries: &[DeliveryId]) {
    let batch = Batch { id: None, campaign_id: id, deliveries };
    send(&app.ctx, batch, &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_dies_before_it_takes_anything_loses_nobody() {
    let mut app = TestApp::with_platforms().await;
    app.reachable(20, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    schedule::run_campaigns(&app.ctx).await.unwrap();
    assert_eq!(outbox::Entity::find().count(app.ctx.db.read()).await.unwrap(), 1);

    app.kill_worker().await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 20)]);
    assert_eq!(app.messages_received(), 20);
}

#[tokio::test]
async fn a_worker_that_dies_between_claim_and_settle_leaves_unknown_ones_that_are_never_sent_again() {
    let mut app = TestApp::with_platforms().await;
    let reachable = app.reachable(30, 2).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.set_fault(SEND, json!({ "latency_ms": 60_000 })).await;
    let draining = app.drain_aside();
    app.wait_for(id, DeliveryState::Sending, 10).await;
    draining.abort();
    app.kill_worker().await;
    app.clear_faults().await;

    app.advance(Duration::minutes(10)).await;
    recover(&app.ctx).await.unwrap();
    app.drain().await;

    let rows = app.deliveries_of(id).await;
    let unknown: Vec<_> = rows.iter().filter(|row| row.state == DeliveryState::Unknown).collect();
    assert!(!unknown.is_empty());
    assert!(
        unknown
            .iter()
            .all(|row| row.reason.as_deref() == Some("answer_never_heard") && row.slot_at.is_some())
    );
    let sent = rows.iter().filter(|row| row.state == DeliveryState::Delivered).count();
    assert_eq!(unknown.len() + sent, 30, "{:?}", app.counts(id).await);
    assert_eq!(app.messages_received(), sent, "nobody gets one twice");
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
    for one in reachable {
        assert_eq!(
            app.consent_left(one.member, COUPON_EXPIRY).await,
            (1, 0),
            "a message that may have arrived has used its consent"
        );
    }
}

#[tokio::test]
async fn an_inbox_claim_that_was_never_settled_had_no_effect_and_is_made_again() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    queued(&app, id).await;
    let claimed = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, DeliveryState::Sending.into())
        .col_expr(delivery::Column::ClaimedAt, app.ctx.now().into())
        .filter(delivery::Column::CampaignId.eq(id));
    claimed.exec(app.ctx.db.writer()).await.unwrap();

    app.advance(Duration::minutes(5)).await;
    recover(&app.ctx).await.unwrap();
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 3)]);
}

#[tokio::test]
async fn a_queued_delivery_whose_message_got_lost_is_queued_again() {
    let app = TestApp::with_platforms().await;
    app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    queued(&app, id).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Queued, 5)]);

    app.advance(Duration::minutes(6)).await;
    recover(&app.ctx).await.unwrap();
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 5)]);
    assert_eq!(app.messages_received(), 5);
}

#[tokio::test]
async fn a_job_that_comes_twice_and_to_two_workers_at_once_sends_once() {
    let app = TestApp::with_platforms().await;
    app.reachable(40, 2).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let ids = queued(&app, id).await;
    let backwards: Vec<_> = ids.iter().rev().copied().collect();

    let at_once = [&ids, &backwards, &ids, &backwards].map(|ids| send_all(&app, id, ids));
    join_all(at_once).await;
    send_all(&app, id, &ids).await;
    app.callbacks_settled().await;

    assert_eq!(app.messages_received(), 40);
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 40)]);
}

#[tokio::test]
async fn a_delivery_that_is_claimed_while_others_are_queued_stays_claimed() {
    let app = TestApp::with_platforms().await;
    app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();

    // A claim that has not yet been committed: everybody else still sees pending rows.
    let claim = app.ctx.db.begin().await.unwrap();
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, DeliveryState::Sending.into())
        .filter(delivery::Column::CampaignId.eq(id))
        .exec(&claim)
        .await
        .unwrap();
    let ctx = app.ctx.clone();
    // Waits for the claim to end, or comes after it.
    let dispatching = tokio::spawn(async move { dispatch(&ctx).await });
    claim.commit().await.unwrap();
    assert_eq!(dispatching.await.unwrap().unwrap(), 0);

    assert_eq!(app.counts(id).await, [(DeliveryState::Sending, 5)]);
    assert_eq!(outbox::Entity::find().count(app.ctx.db.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn two_campaigns_that_race_for_the_last_slot_of_each_member_send_one_message_each() {
    let app = TestApp::with_platforms_and(
        "caps.per_24_hours = 1\nrates.wechat_per_second = 5000\nrates.inbox_per_second = 5000",
    )
    .await;
    app.reachable(300, 2).await;
    let wechat = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let inbox = app.scheduled(Channel::Inbox, |_| {}).await;
    let (first, second) = (queued(&app, wechat).await, queued(&app, inbox).await);
    let batches = first.chunks(100).map(|ids| (wechat, ids)).zip(second.chunks(100).map(|ids| (inbox, ids)));
    let racing = batches.flat_map(|(one, other)| [one, other]).map(|(id, ids)| send_all(&app, id, ids));
    join_all(racing).await;
    app.callbacks_settled().await;

    let slots = delivery::Entity::find().filter(delivery::Column::SlotAt.is_not_null());
    assert_eq!(slots.count(app.ctx.db.read()).await.unwrap(), 300);
    for (one, other) in app.deliveries_of(wechat).await.iter().zip(app.deliveries_of(inbox).await) {
        assert_eq!(one.member_id, other.member_id);
        let capped = |row: &delivery::Model| row.reason.as_deref() == Some("frequency_cap");
        assert!(capped(one) != capped(&other), "{:?} {:?}", one.state, other.state);
    }
}

#[tokio::test]
async fn a_capped_message_that_may_wait_goes_out_when_the_window_frees() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.reachable(4, 2).await;
    let first = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let second = app.scheduled(Channel::WechatSubscribe, |draft| draft.on_cap = OnCap::Defer).await;
    app.drain().await;
    assert_eq!(app.counts(first).await, [(DeliveryState::Delivered, 4)]);
    assert_eq!(app.counts(second).await, [(DeliveryState::Deferred, 4)]);
    assert_eq!(app.campaign_row(second).await.state, CampaignState::Sending);

    app.advance(Duration::hours(23)).await;
    app.drain().await;
    assert_eq!(app.counts(second).await, [(DeliveryState::Deferred, 4)]);
    app.advance(Duration::minutes(61)).await;
    app.drain().await;
    assert_eq!(app.counts(second).await, [(DeliveryState::Delivered, 4)]);
    assert_eq!(app.campaign_row(second).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_no_holds_for_what_is_already_queued() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let ids = queued(&app, id).await;

    let opted_out = preference::Preferences {
        opt_outs: vec![preference::OptOut { channel: "all".to_owned(), topic: "offers".to_owned() }],
        ..preference::read(&app.ctx, reachable[0].member).await.unwrap()
    };
    preference::save(&app.ctx, reachable[0].member, opted_out).await.unwrap();
    app.cancel_subscription(&reachable[1].person, COUPON_EXPIRY).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let disable = format!("/v1/console/members/{}/disable", reachable[2].member);
    app.post(&disable, json!({ "reason": "test" })).with_bearer(&owner).await.expect(200);
    let paused = preference::Preferences {
        paused_until: Some(app.ctx.now() + Duration::days(2)),
        ..preference::read(&app.ctx, reachable[3].member).await.unwrap()
    };
    preference::save(&app.ctx, reachable[3].member, paused).await.unwrap();
    send_all(&app, id, &ids).await;
    app.callbacks_settled().await;

    let rows = app.deliveries_of(id).await;
    let reasons: Vec<_> = rows.iter().map(|row| (row.state, row.reason.as_deref())).collect();
    assert_eq!(
        reasons,
        [
            (DeliveryState::Suppressed, Some("opted_out")),
            (DeliveryState::Suppressed, Some("no_consent")),
            (DeliveryState::Suppressed, Some("member_inactive")),
            (DeliveryState::Deferred, Some("paused_by_member")),
            (DeliveryState::Delivered, None),
        ]
    );
    assert_eq!(app.messages_received(), 1);
}

#[tokio::test]
async fn a_no_given_while_a_claim_waits_for_the_rate_still_counts() {
    let app = TestApp::with_platforms_and("rates.wechat_per_second = 1").await;
    let reachable = app.reachable(2, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let ids = queued(&app, id).await;
    send_all(&app, id, &ids[..1]).await;
    // The permit of this second is used: the next claim waits, and is made afresh.
    let (ctx, second) = (app.ctx.clone(), ids[1]);
    let waiting = tokio::spawn(async move {
        let batch = Batch { id: None, campaign_id: id, deliveries: &[second] };
        send(&ctx, batch, &CancellationToken::new()).await
    });
    let txn = app.ctx.db.begin().await.unwrap();
    let said = consent::Said::by("member", serde_json::json!({}));
    let opted_out = consent::opt_out(&app.ctx, &txn, reachable[1].member, ("all", "all"), said);
    opted_out.await.unwrap();
    txn.commit().await.unwrap();
    waiting.await.unwrap().unwrap();

    assert_eq!(app.reasons(id).await, [("opted_out".to_owned(), 1)]);
    assert_eq!(app.messages_received(), 1);
}

#[tokio::test]
async fn the_rate_is_never_exceeded_in_any_second_and_nearly_reached() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 1000").await;
    app.members(400).await;
    for (rate, expected) in [(Some(50), 50), (None, 1000)] {
        let id = app.scheduled(Channel::Inbox, |draft| draft.rate_per_second = rate).await;
        let ids = queued(&app, id).await;
        // One after the other: what waits moves the clock for all.
        while app.counts(id).await != [(DeliveryState::Sent, 400)] {
            send_all(&app, id, &ids).await;
            dispatch(&app.ctx).await.unwrap();
            outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
        }
        let mut times: Vec<_> =
            app.deliveries_of(id).await.iter().map(|row| row.sent_at.unwrap().timestamp_micros()).collect();
        times.sort_unstable();
        let burst = expected / 10;
        for (place, start) in times.iter().enumerate() {
            let within = times[place..].iter().take_while(|time| **time < start + 1_000_000).count();
            assert!(within <= expected + burst, "{within} within a second of {rate:?}");
        }
        let seconds = (times[399] - times[0]) as f64 / 1e6;
        let reached = 400.0 / seconds / expected as f64;
        assert!(reached >= 0.97, "{reached} of {rate:?}");
    }
}

#[tokio::test]
async fn a_batch_hands_back_what_it_has_not_called_when_the_worker_stops() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let ids = queued(&app, id).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let batch = Batch { id: None, campaign_id: id, deliveries: &ids };
    send(&app.ctx, batch, &stop).await.unwrap();

    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 5)]);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 5)]);
    assert!(app.deliveries_of(id).await.iter().all(|row| row.attempts == 1));
}

/// Redis when it is away.
struct Away;

#[async_trait]
impl SharedState for Away {
    async fn get(&self, _: &str) -> Shared<Option<String>> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn set(&self, _: &str, _: &str, _: std::time::Duration) -> Shared<()> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn set_if_absent(&self, _: &str, _: &str, _: std::time::Duration) -> Shared<bool> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn remove_if(&self, _: &str, _: &str) -> Shared<bool> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn replace_if(&self, _: &str, _: &str, _: &str, _: std::time::Duration) -> Shared<bool> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn increment(&self, _: &str, _: i64, _: std::time::Duration) -> Shared<i64> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn take_together(&self, _: &[Limit<'_>], _: u32, _: DateTime<Utc>) -> Shared<Permits> {
        Err(SharedStateError("away".to_owned()))
    }
    async fn ping(&self) -> Shared<()> {
        Err(SharedStateError("away".to_owned()))
    }
}

#[tokio::test]
async fn without_shared_state_a_worker_keeps_to_a_share_of_the_rate() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 100").await;
    app.members(60).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let ids = queued(&app, id).await;
    let mut ctx = app.ctx.clone();
    ctx.shared = Arc::new(Away);
    let began = ctx.now();
    let batch = Batch { id: None, campaign_id: id, deliveries: &ids };
    send(&ctx, batch, &CancellationToken::new()).await.unwrap();

    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 60)]);
    let took = (ctx.now() - began).num_milliseconds();
    assert!((5_000..8_000).contains(&took), "60 at 10 a second took {took} ms");
}

#[tokio::test]
async fn what_no_queue_and_no_batch_knows_of_is_found_before_the_campaign_ends() {
    let app = TestApp::with_platforms().await;
    app.reachable(5, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    queued(&app, id).await;
    entity::delivery_batch::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();

    campaign::complete_finished(&app.ctx).await.unwrap();
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 5)]);
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 5)]);
    assert_eq!(app.messages_received(), 5);
}

#[tokio::test]
async fn deliveries_of_later_pages_come_later_though_the_clock_stands_or_is_set_back() {
    let app = TestApp::with_platforms().await;
    let members = app.members(1_100).await.len();
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    app.advance(-Duration::hours(1)).await;
    campaign::resolve(&app.ctx, id).await.unwrap();
    let mut rows = app.deliveries_of(id).await;
    rows.sort_by_key(|row| row.id);
    assert!(rows.is_sorted_by_key(|row| row.member_id), "pages are in the order of the members");
    app.advance(Duration::hours(1)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, members)]);
}
