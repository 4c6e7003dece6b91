//! Every move tells how many members it touches, and what a pause held is decided afresh when it goes on.

use chrono::Duration;
use entity::states::{Channel, DeliveryState, OnCap, StaffRole};
use serde_json::{Value, json};
use service::campaign;
use service::ids::CampaignId;
use tests::TestApp;

async fn step(app: &TestApp, staff: &str, id: CampaignId, action: &str) -> Value {
    let path = format!("/v1/console/campaigns/{id}/{action}");
    app.post(&path, json!({})).with_bearer(staff).await.expect(200)
}

async fn impact(app: &TestApp, staff: &str, id: CampaignId) -> Value {
    app.get(&format!("/v1/console/campaigns/{id}/impact")).with_bearer(staff).await.expect(200)
}

#[tokio::test]
async fn the_numbers_before_and_after_a_move() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.members(3).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    app.members(2).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.on_cap = OnCap::Defer).await;
    app.drain().await;
    let told = |waiting: i64, deferred: i64, called: i64, held_back: i64| {
        json!({
            "waiting": waiting, "deferred": deferred, "in_flight": 0, "called": called, "held_back": held_back,
            "running_children": 0,
        })
    };
    assert_eq!(impact(&app, &staff, id).await, told(3, 3, 2, 0));
    assert_eq!(step(&app, &staff, id, "pause").await["impact"], told(3, 3, 2, 0));
    let resumed = step(&app, &staff, id, "resume").await;
    assert_eq!((&resumed["impact"], &resumed["resumed_at"]), (&told(3, 3, 2, 0), &json!(app.ctx.now())));
    let slower = app.post(&format!("/v1/console/campaigns/{id}/throttle"), json!({ "rate_per_second": 3 }));
    assert_eq!(slower.with_bearer(&staff).await.expect(200)["impact"], told(3, 3, 2, 0));
    assert_eq!(step(&app, &staff, id, "cancel").await["impact"], told(0, 0, 2, 3));
    assert_eq!(impact(&app, &staff, id).await, told(0, 0, 2, 3));
}

/// Resolved and paused before anything was sent.
async fn paused(app: &TestApp, staff: &str, change: impl FnOnce(&mut campaign::CampaignDraft)) -> CampaignId {
    let id = app.scheduled(Channel::Inbox, change).await;
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    step(app, staff, id, "pause").await;
    app.drain().await;
    id
}

#[tokio::test]
async fn an_offer_that_ended_in_the_pause_is_not_sent_when_it_goes_on() {
    let app = TestApp::with_platforms().await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let end = app.ctx.now() + Duration::hours(20);
    let id = paused(&app, &staff, |draft| draft.offer_ends_at = Some(end)).await;
    app.advance(Duration::days(1)).await;
    app.drain().await;
    step(&app, &staff, id, "resume").await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Suppressed, 2)]);
    assert_eq!(app.reasons(id).await, [("offer_ended".to_owned(), 2)]);
}

#[tokio::test]
async fn caps_are_asked_again_when_it_goes_on_a_day_later() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let id = paused(&app, &staff, |_| {}).await;
    app.advance(Duration::days(1)).await;
    app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    step(&app, &staff, id, "resume").await;
    app.drain().await;
    assert_eq!(app.reasons(id).await, [("frequency_cap".to_owned(), 2)]);

    let free = paused(&app, &staff, |_| {}).await;
    app.advance(Duration::days(2)).await;
    step(&app, &staff, free, "resume").await;
    app.drain().await;
    assert_eq!(app.counts(free).await, [(DeliveryState::Sent, 2)]);
}
