//! Proof 8: time passes, jumps and goes backwards, and people say no all at once: pause and resume a day later, cancel with
//! deferred ones, quiet hours over midnight and over a clock change, a storm of 43101. In one process, as the clock is moved.

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use reqwest::Method;
use serde_json::json;
use service::campaign;
use service::ids::CampaignId;
use tests::TestApp;
use tests::cluster::SEND;
use tests::platforms::COUPON_EXPIRY;

fn at(text: &str) -> DateTime<Utc> {
    text.parse::<DateTime<chrono::FixedOffset>>().unwrap().to_utc()
}

/// When the deferred deliveries of a campaign are due; they must agree.
async fn due(app: &TestApp, id: CampaignId) -> DateTime<Utc> {
    let rows = app.deliveries_of(id).await;
    assert!(rows.iter().all(|row| row.state == DeliveryState::Deferred), "{:?}", app.counts(id).await);
    assert!(rows.iter().all(|row| row.not_before == rows[0].not_before));
    rows[0].not_before
}

#[tokio::test]
async fn a_pause_of_a_day_sends_the_rest_once_it_is_resumed() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.reachable(60, 1).await;
    let owner = app.caller(StaffRole::Owner);
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.rate_per_second = Some(20)).await;
    app.set_fault(SEND, json!({ "latency_ms": 15 })).await;
    let draining = app.drain_aside();
    app.wait_for(id, DeliveryState::Delivered, 4).await;
    campaign::pause(&app.ctx, &owner, id).await.unwrap();
    draining.await.unwrap();
    app.callbacks_settled().await;
    let before = app.messages_received();
    assert!((4..60).contains(&before), "{before}");

    app.advance(Duration::days(1)).await;
    app.drain().await;
    assert_eq!(app.messages_received(), before, "nothing goes out while it is paused");
    campaign::resume(&app.ctx, &owner, id).await.unwrap();
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 60)]);
    assert_eq!(app.messages_received(), 60);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_cancel_ends_the_deferred_ones_and_nothing_of_them_goes_out_later() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(30, 1).await;
    app.set_time(at("2026-03-02T23:00:00+08:00")).await;
    let owner = app.caller(StaffRole::Owner);
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(due(&app, id).await, at("2026-03-03T08:30:00+08:00"));

    campaign::cancel(&app.ctx, &owner, id).await.unwrap();
    app.drain().await;
    app.advance(Duration::days(2)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Suppressed, 30)]);
    assert_eq!(app.reasons(id).await, [("campaign_cancelled".to_owned(), 30)]);
    assert_eq!(app.messages_received(), 0);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
}

/// A campaign that begins at `begins` in Berlin goes out at `goes_out`, not a second earlier.
async fn waits_for(quiet: (&str, &str), begins: &str, goes_out: &str) {
    let (start, end) = quiet;
    let settings =
        format!("timezone = \"Europe/Berlin\"\nquiet_hours.start = \"{start}\"\nquiet_hours.end = \"{end}\"");
    let app = TestApp::with_platforms_and(&settings).await;
    app.reachable(5, 1).await;
    app.set_time(at(begins)).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(due(&app, id).await, at(goes_out), "{quiet:?} from {begins}");

    app.set_time(at(goes_out) - Duration::seconds(1)).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 0, "{quiet:?} from {begins}");
    app.set_time(at(goes_out)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 5)], "{quiet:?} from {begins}");
}

#[tokio::test]
async fn quiet_hours_over_midnight_end_in_the_morning_whichever_side_it_begins() {
    let night = ("22:00", "08:00");
    waits_for(night, "2026-03-10T22:00:00+01:00", "2026-03-11T08:00:00+01:00").await;
    waits_for(night, "2026-03-10T23:59:59+01:00", "2026-03-11T08:00:00+01:00").await;
    waits_for(night, "2026-03-11T00:00:00+01:00", "2026-03-11T08:00:00+01:00").await;
}

#[tokio::test]
async fn quiet_hours_follow_the_wall_clock_over_a_change_of_the_clocks() {
    let night = ("22:00", "08:00");
    // On 29 March 2026 two o'clock becomes three; on 25 October three becomes two.
    waits_for(night, "2026-03-28T23:00:00+01:00", "2026-03-29T08:00:00+02:00").await;
    waits_for(night, "2026-10-24T23:00:00+02:00", "2026-10-25T08:00:00+01:00").await;
    // An end that does not exist is the first instant that does.
    waits_for(("22:00", "02:30"), "2026-03-28T23:00:00+01:00", "2026-03-29T03:00:00+02:00").await;
    // An hour that comes twice is quiet both times.
    waits_for(("22:00", "03:00"), "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00").await;
}

#[tokio::test]
async fn a_storm_of_43101_empties_the_ledger_and_stops_nobody_else() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(200, 2).await;
    let (gone, stay) = reachable.split_at(160);
    // They have taken their consent back, and the platform's events are lost on the way.
    app.set_callback_faults(json!({ "lost_rate": 1.0 })).await;
    for one in gone {
        let path = format!("/people/{}/subscriptions/{COUPON_EXPIRY}/cancel", one.person.id);
        app.sandbox(Method::POST, &path, json!(null)).await;
    }
    app.callbacks_settled().await;
    app.clear_faults().await;
    assert_eq!(app.consent_left(gone[0].member, COUPON_EXPIRY).await, (2, 0));

    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 40), (DeliveryState::Failed, 160)]);
    assert_eq!(app.reasons(id).await, [("no_consent".to_owned(), 160)]);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
    assert_eq!(app.messages_received(), 40);
    for one in gone {
        assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0), "43101 sets it to zero");
    }
    assert_eq!(app.consent_left(stay[0].member, COUPON_EXPIRY).await, (1, 0));
    // The next campaign does not ask the platform again.
    let calls = app.sandbox(Method::GET, "/counters", json!(null)).await["requests"][SEND].clone();
    let next = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let more = app.sandbox(Method::GET, "/counters", json!(null)).await["requests"][SEND].as_u64();
    assert_eq!(more, calls.as_u64().map(|calls| calls + 40));
    assert_eq!(app.counts(next).await, [(DeliveryState::Delivered, 40), (DeliveryState::Suppressed, 160)]);
}

#[tokio::test]
async fn a_clock_that_goes_backwards_loses_nobody_and_sends_nobody_two() {
    let app = TestApp::with_platforms().await;
    app.reachable(60, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.rate_per_second = Some(20)).await;
    app.set_fault(SEND, json!({ "latency_ms": 15 })).await;
    let draining = app.drain_aside();
    app.wait_for(id, DeliveryState::Delivered, 4).await;
    let set_back = app.ctx.now() - Duration::hours(1);
    app.set_time(set_back).await;
    draining.await.unwrap();
    app.worker().drain().await.unwrap();
    let at_once = app.messages_received();
    // A receipt that was due just before the clock was set back comes when that time has come again.
    app.advance(Duration::hours(2)).await;
    app.callbacks_settled().await;
    service::delivery::recover(&app.ctx).await.unwrap();
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 60)], "{at_once} went out before");
    assert_eq!(app.messages_received(), 60);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}
