//! The forecast asks the gates that the send asks: on a clock that stands still they say the same of every member.

use chrono::Duration;
use entity::delivery;
use entity::states::{Channel, DeliveryState, OnCap, StaffRole};
use serde_json::json;
use service::audience::Rule;
use service::delivery::{Decision, Reason, Terms, decide, gather};
use service::preference::{self, OptOut, Preferences};
use tests::TestApp;
use tests::builders::Reachable;
use tests::platforms::COUPON_EXPIRY;

const FAST: &str = "rates.wechat_per_second = 100000\ncaps.per_24_hours = 1\nquiet_hours.start = \"00:00\"\nquiet_hours.end = \"00:00\"";

async fn wish(app: &TestApp, one: &Reachable, change: impl FnOnce(&mut Preferences)) {
    let mut wishes = preference::read(&app.ctx, one.member).await.unwrap();
    change(&mut wishes);
    preference::save(&app.ctx, one.member, wishes).await.unwrap();
}

/// Forty members of whom many get none, each for a reason of their own.
async fn a_mixed_audience(app: &TestApp) -> Vec<Reachable> {
    let everybody = app.reachable(40, 2).await;
    app.members(3).await;
    let capped = app.scheduled(Channel::WechatSubscribe, |draft| draft.holdout_percent = 50).await;
    app.drain().await;
    assert!(!app.counts(capped).await.is_empty());
    for one in &everybody[0..4] {
        let no = OptOut { channel: "wechat_subscribe".to_owned(), topic: "all".to_owned() };
        wish(app, one, |wishes| wishes.opt_outs = vec![no]).await;
    }
    for one in &everybody[4..8] {
        app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    }
    let until = app.ctx.now() + Duration::hours(5);
    for one in &everybody[8..12] {
        wish(app, one, |wishes| wishes.paused_until = Some(until)).await;
    }
    for one in &everybody[12..16] {
        wish(app, one, |wishes| wishes.personalised = false).await;
    }
    everybody
}

#[tokio::test]
async fn what_was_forecast_is_what_happens_to_the_last_member() {
    let app = TestApp::with_platforms_and(FAST).await;
    a_mixed_audience(&app).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let rule = Rule::All(vec![Rule::NeverBought(true)]);
    let segment_id = app.segment(rule).await;
    let campaign = app
        .campaign(Channel::WechatSubscribe, |draft| {
            draft.segment_id = segment_id;
            draft.on_cap = OnCap::Defer;
            draft.holdout_percent = 10;
        })
        .await;
    let path = format!("/v1/console/campaigns/{}", campaign.id);
    let forecast = app.get(&format!("{path}/forecast")).with_bearer(&owner).await.expect(200);
    let terms = Terms::of(&app.ctx, app.ctx.db.read(), &campaign).await.unwrap();
    app.post(&format!("{path}/schedule"), json!({})).with_bearer(&owner).await.expect(200);
    let began = app.ctx.now();
    let members: Vec<_> = entity_members(&app).await;
    let facts = gather(&app.ctx, app.ctx.db.read(), &terms, &members).await.unwrap();

    app.drain().await;

    assert_eq!(app.ctx.now(), began, "the clock stood still");
    let rows = app.deliveries_of(campaign.id).await;
    assert_eq!(forecast["audience"], rows.len());
    let sent = rows.iter().filter(|row| row.state == DeliveryState::Delivered).count();
    assert_eq!(forecast["will_send"], sent, "{forecast}");
    for line in forecast["others"].as_array().unwrap() {
        let code = line["reason"]["code"].as_str().unwrap();
        let had = rows.iter().filter(|row| row.reason.as_deref() == Some(code)).count();
        assert_eq!(line["members"], had, "{code}");
    }
    for row in rows {
        assert_eq!(outcome(&row), foretold(&campaign, decide(&terms, &facts[&row.member_id], began), &row));
    }
}

async fn entity_members(app: &TestApp) -> Vec<service::ids::MemberId> {
    use sea_orm::EntityTrait;
    let rows = entity::member::Entity::find().all(app.ctx.db.read()).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn outcome(row: &delivery::Model) -> (DeliveryState, Option<&str>) {
    (row.state, row.reason.as_deref())
}

fn foretold(
    campaign: &service::campaign::CampaignRow,
    decision: Decision,
    row: &delivery::Model,
) -> (DeliveryState, Option<&'static str>) {
    if service::campaign::Split::of(campaign).unwrap().holds_out(row.member_id) {
        return (DeliveryState::Suppressed, Some(Reason::Holdout.code()));
    }
    match decision {
        Decision::Send => (DeliveryState::Delivered, None),
        Decision::Suppress(reason) => (DeliveryState::Suppressed, Some(reason.code())),
        Decision::Defer { reason, .. } => (DeliveryState::Deferred, Some(reason.code())),
    }
}

#[tokio::test]
async fn a_draft_is_forecast_with_its_segment_as_it_is_now() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let campaign = app.campaign(Channel::Inbox, |_| {}).await;
    let path = format!("/v1/console/segments/{}", campaign.segment_id);
    let forecast = format!("/v1/console/campaigns/{}/forecast", campaign.id);
    assert_eq!(app.get(&forecast).with_bearer(&owner).await.expect(200)["will_send"], 3);
    let nobody = json!({ "name": "nobody", "rule": { "any": [] } });
    app.put(&path, nobody).with_bearer(&owner).await.expect(200);
    assert_eq!(app.get(&forecast).with_bearer(&owner).await.expect(200)["audience"], 0);
}
