//! The moves of a campaign: each once, whoever repeats it.

use chrono::Duration;
use entity::states::{CampaignState, Channel, DeliveryState, OnCap, StaffRole};
use futures_util::future::join_all;
use reqwest::StatusCode;
use sea_orm::EntityTrait;
use serde_json::json;
use service::campaign::{self, Split};
use service::ids::CampaignId;
use tests::{Answer, TestApp};

async fn step(app: &TestApp, staff: &str, id: CampaignId, action: &str) -> Answer {
    app.post(&format!("/v1/console/campaigns/{id}/{action}"), json!({})).with_bearer(staff).await
}

/// The same move by six at once: one is made, the others are refused.
async fn once_of_six(app: &TestApp, staff: &str, id: CampaignId, action: &str) {
    let answers = join_all((0..6).map(|_| step(app, staff, id, action))).await;
    let made = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(made, 1, "{action}");
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        answer.expect_refusal("campaign_state_conflict");
    }
    step(app, staff, id, action).await.expect_refusal("campaign_state_conflict");
}

#[tokio::test]
async fn each_move_is_made_once_however_often_and_by_however_many_it_is_asked_for() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let id = app.campaign(Channel::Inbox, |_| {}).await.id;

    step(&app, &staff, id, "pause").await.expect_refusal("campaign_state_conflict");
    step(&app, &staff, id, "resume").await.expect_refusal("campaign_state_conflict");
    // A scheduled one may be moved to another time: every schedule is a move.
    let answers = join_all((0..4).map(|_| step(&app, &staff, id, "schedule"))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    let started = join_all((0..4).map(|_| campaign::start_due(&app.ctx))).await;
    assert_eq!(started.into_iter().map(Result::unwrap).sum::<u64>(), 1);
    step(&app, &staff, id, "schedule").await.expect_refusal("campaign_state_conflict");
    once_of_six(&app, &staff, id, "pause").await;
    once_of_six(&app, &staff, id, "resume").await;
    once_of_six(&app, &staff, id, "cancel").await;
    for action in ["pause", "resume", "schedule"] {
        step(&app, &staff, id, action).await.expect_refusal("campaign_state_conflict");
    }
    app.drain().await;
    assert_eq!(app.counts(id).await, []);
}

#[tokio::test]
async fn a_resolution_whose_message_was_lost_is_asked_for_again() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    entity::outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();

    assert_eq!(campaign::ask_again(&app.ctx).await.unwrap(), 0, "it may still be on its way");
    app.advance(Duration::seconds(61)).await;
    let asked = join_all((0..3).map(|_| campaign::ask_again(&app.ctx))).await;

    assert_eq!(asked.into_iter().map(Result::unwrap).sum::<u64>(), 1);
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 3)]);
}

#[tokio::test]
async fn a_campaign_waits_for_its_time() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let id = app.campaign(Channel::Inbox, |_| {}).await.id;
    let at = app.ctx.now() + Duration::hours(2);
    let path = format!("/v1/console/campaigns/{id}/schedule");
    app.post(&path, json!({ "at": at })).with_bearer(&staff).await.expect(200);

    app.advance(Duration::minutes(119)).await;
    app.drain().await;
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Scheduled);
    app.advance(Duration::minutes(1)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 2)]);
}

#[tokio::test]
async fn a_schedule_freezes_the_rule_and_the_start_freezes_the_audience() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let campaign = app.campaign(Channel::Inbox, |_| {}).await;
    step(&app, &staff, campaign.id, "schedule").await.expect(200);
    let changed = json!({ "name": "nobody", "rule": { "any": [] } });
    let path = format!("/v1/console/segments/{}", campaign.segment_id);
    app.put(&path, changed).with_bearer(&staff).await.expect(200);
    campaign::start_due(&app.ctx).await.unwrap();
    app.advance(Duration::seconds(1)).await;
    app.members(5).await;

    app.drain().await;

    assert_eq!(app.counts(campaign.id).await, [(DeliveryState::Sent, 2)]);
    assert_eq!(app.campaign_row(campaign.id).await.audience_count, 2);
}

#[tokio::test]
async fn a_pause_holds_what_is_not_yet_sent_and_a_resume_sends_it() {
    let app = TestApp::with_platforms().await;
    app.reachable(60, 1).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.rate_per_second = Some(20)).await;
    app.set_fault("/cgi-bin/message/subscribe/send", json!({ "latency_ms": 15 })).await;
    let draining = app.drain_aside();
    app.wait_for(id, DeliveryState::Delivered, 4).await;
    step(&app, &staff, id, "pause").await.expect(200);
    draining.await.unwrap();
    app.callbacks_settled().await;
    let sent = app.messages_received();
    assert!((4..60).contains(&sent), "{sent}");
    app.advance(Duration::minutes(10)).await;
    app.drain().await;
    assert_eq!(app.messages_received(), sent);
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 60 - sent), (DeliveryState::Delivered, sent)]);

    step(&app, &staff, id, "resume").await.expect(200);
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 60)]);
    assert_eq!(app.messages_received(), 60);
}

#[tokio::test]
async fn a_pause_while_the_audience_is_resolved_loses_nobody() {
    let app = TestApp::with_platforms().await;
    app.members(4_500).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    let ctx = app.ctx.clone();
    let resolving = tokio::spawn(async move { campaign::resolve(&ctx, id).await });
    app.wait_for(id, DeliveryState::Pending, 2_000).await;
    let paused = step(&app, &staff, id, "pause").await;
    resolving.await.unwrap().unwrap();
    app.drain().await;

    if paused.status == StatusCode::OK {
        assert_eq!(app.campaign_row(id).await.state, CampaignState::Paused);
        step(&app, &staff, id, "resume").await.expect(200);
        app.drain().await;
    }
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 4_500)]);
    assert_eq!(app.campaign_row(id).await.audience_count, 4_500);
}

#[tokio::test]
async fn two_that_resolve_the_same_audience_write_it_once() {
    let app = TestApp::with_platforms().await;
    app.members(2_500).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    for resolved in join_all((0..3).map(|_| campaign::resolve(&app.ctx, id))).await {
        resolved.unwrap();
    }
    assert_eq!(app.deliveries_of(id).await.len(), 2_500);
    assert_eq!(app.campaign_row(id).await.audience_count, 2_500);
    app.drain().await;
}

#[tokio::test]
async fn a_cancelled_campaign_ends_everything_that_waits_deferred_ones_included() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.members(3).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.on_cap = OnCap::Defer).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Deferred, 3)]);

    step(&app, &staff, id, "cancel").await.expect(200);
    assert_eq!(app.reasons(id).await, [("campaign_cancelled".to_owned(), 3)]);
    app.advance(Duration::days(2)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Suppressed, 3)]);
}

#[tokio::test]
async fn a_cancel_while_the_audience_is_resolved_and_sent_leaves_nobody_waiting() {
    let app = TestApp::with_platforms().await;
    app.members(5_000).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let draining = app.drain_aside();
    app.wait_for(id, DeliveryState::Sent, 100).await;
    step(&app, &staff, id, "cancel").await.expect(200);
    draining.await.unwrap();
    app.drain().await;

    let counts = app.counts(id).await;
    let ended = |(state, _): &(DeliveryState, usize)| {
        matches!(state, DeliveryState::Sent | DeliveryState::Suppressed)
    };
    assert!(counts.iter().all(ended), "{counts:?}");
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Cancelled);
}

#[tokio::test]
async fn the_hold_out_is_kept_whole_and_stays_the_same() {
    let app = TestApp::with_platforms().await;
    let members = app.members(600).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.holdout_percent = 20).await;
    app.drain().await;

    let split = Split::of(&app.campaign_row(id).await).unwrap();
    let held: Vec<_> = members.iter().filter(|member| split.holds_out(**member)).collect();
    assert!((80..160).contains(&held.len()), "{}", held.len());
    for row in app.deliveries_of(id).await {
        let expected = if held.contains(&&row.member_id) {
            (DeliveryState::Suppressed, Some("holdout"))
        } else {
            (DeliveryState::Sent, None)
        };
        assert_eq!((row.state, row.reason.as_deref()), expected);
    }
}

#[tokio::test]
async fn the_rate_can_be_changed_while_it_runs_and_a_draft_is_edited_as_a_new_version() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let campaign = app.campaign(Channel::Inbox, |_| {}).await;
    let path = format!("/v1/console/campaigns/{}", campaign.id);
    let body = json!({
        "name": "周末", "segment_id": campaign.segment_id, "channel": "inbox",
        "message": { "title": "周末", "body": "见" },
    });
    let changed = app.put(&path, &body).with_bearer(&staff).await.expect(200);
    assert_eq!((&changed["version"], &changed["name"]), (&json!(2), &json!("周末")));
    let throttled =
        app.post(&format!("{path}/throttle"), json!({ "rate_per_second": 5 })).with_bearer(&staff);
    assert_eq!(throttled.await.expect(200)["rate_per_second"], 5);
    app.post(&format!("{path}/throttle"), json!({ "rate_per_second": 0 }))
        .with_bearer(&staff)
        .await
        .expect_invalid("rate_per_second");
    step(&app, &staff, campaign.id, "schedule").await.expect(200);
    app.drain().await;
    assert_eq!(app.counts(campaign.id).await, [(DeliveryState::Sent, 2)]);
    app.put(&path, &body).with_bearer(&staff).await.expect_refusal("campaign_state_conflict");
}
