//! The forecast asks what the send asks: on a clock that stands still they say the same of every member.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, TimeZone, Utc};
use entity::delivery;
use entity::states::{Channel, DeliveryState, OnCap, StaffRole};
use serde_json::{Value, json};
use service::audience::Rule;
use service::campaign::{CampaignDraft, FallbackStep, Variant, release};
use service::ids::{CouponTemplateId, MemberId};
use service::policy::QuietHours;
use service::preference::{self, OptOut, Preferences};
use tests::TestApp;
use tests::builders::{Reachable, message};
use tests::platforms::COUPON_EXPIRY;

const FAST: &str = "rates.wechat_per_second = 100000\nrates.sms_per_second = 100000\nrates.inbox_per_second = 100000\n\
                    caps.per_24_hours = 1\nquiet_hours.start = \"00:00\"\nquiet_hours.end = \"00:00\"";

async fn wish(app: &TestApp, one: &Reachable, change: impl FnOnce(&mut Preferences)) {
    let mut wishes = preference::read(&app.ctx, one.member).await.unwrap();
    change(&mut wishes);
    preference::save(&app.ctx, one.member, wishes).await.unwrap();
}

/// Sixty members of whom many get none, each for a reason of their own.
async fn a_mixed_audience(app: &TestApp) {
    let everybody = app.reachable(60, 2).await;
    app.members(3).await;
    app.scheduled(Channel::WechatSubscribe, |draft| draft.holdout_percent = 50).await;
    app.drain().await;
    for one in &everybody[0..4] {
        let no = OptOut { channel: "wechat_subscribe".to_owned(), topic: "all".to_owned() };
        wish(app, one, |wishes| wishes.opt_outs = vec![no]).await;
    }
    for one in &everybody[4..12] {
        app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    }
    let until = app.ctx.now() + Duration::hours(5);
    for one in &everybody[12..16] {
        wish(app, one, |wishes| wishes.paused_until = Some(until)).await;
    }
    for one in &everybody[16..20] {
        wish(app, one, |wishes| wishes.personalised = false).await;
    }
    for one in &everybody[20..24] {
        let all_day = QuietHours { start: "06:00".to_owned(), end: "21:30".to_owned() };
        wish(app, one, |wishes| wishes.quiet_hours = Some(all_day)).await;
    }
    for one in &everybody[24..28] {
        let no = OptOut { channel: "all".to_owned(), topic: "offers".to_owned() };
        wish(app, one, |wishes| wishes.opt_outs = vec![no]).await;
    }
    for one in &everybody[28..44] {
        app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    }
    app.callbacks_settled().await;
}

fn variants(draft: &mut CampaignDraft) {
    let variant = |name: &str, weight| Variant {
        name: name.to_owned(),
        weight,
        message: message(Channel::WechatSubscribe),
    };
    draft.variants = vec![variant("甲", 1), variant("乙", 2)];
}

fn falls_back_to(draft: &mut CampaignDraft, channels: &[Channel]) {
    let step = |channel: &Channel| FallbackStep { channel: *channel, message: message(*channel) };
    draft.fallback = channels.iter().map(step).collect();
}

async fn template(app: &TestApp, owner: &str, stock: i64) -> CouponTemplateId {
    let body = json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "relative", "valid_days": 30, "all_stores": true, "stock": stock, "limit_per_member": 1,
        "claimable": false,
    });
    let made = app.post("/v1/console/coupon-templates", body).with_bearer(owner).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let publish = format!("/v1/console/coupon-templates/{id}/publish");
    app.post(&publish, Value::Null).with_bearer(owner).await.expect(200);
    id.parse().unwrap()
}

/// What the forecast says of each member, read from the lists behind its numbers, two a page.
async fn foretold(app: &TestApp, owner: &str, path: &str, forecast: &Value) -> BTreeMap<MemberId, Value> {
    let mut told = BTreeMap::new();
    let reasons = forecast["others"].as_array().unwrap().iter();
    let mut lists = vec![(String::new(), forecast["will_send"].clone())];
    lists.extend(reasons.map(|line| {
        (format!("&reason={}", line["reason"]["code"].as_str().unwrap()), line["members"].clone())
    }));
    for (filter, number) in lists {
        let (mut count, mut cursor) = (0, String::new());
        loop {
            let page = format!("{path}/forecast/members?limit=2{filter}{cursor}");
            let page = app.get(&page).with_bearer(owner).await.expect(200);
            for one in page["items"].as_array().unwrap() {
                count += 1;
                let id = one["member_id"].as_str().unwrap().parse().unwrap();
                assert!(told.insert(id, one.clone()).is_none(), "twice: {one}");
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(number, count, "{filter}: {forecast}");
    }
    told
}

/// State, reason, variant, step, cost and (for a deferred one) until when.
type Lot = (String, Option<String>, Option<String>, i64, i64, Option<DateTime<Utc>>);

fn lot_of_row(row: &delivery::Model) -> Lot {
    let gone = matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered);
    let state = if gone { "sent" } else { row.state.as_str() };
    let until = (row.state == DeliveryState::Deferred).then_some(row.not_before);
    let step = if gone { i64::from(row.step) } else { 0 };
    let cost = if gone { row.cost_fen } else { 0 };
    (state.to_owned(), row.reason.clone(), row.variant.clone(), step, cost, until)
}

fn lot_foretold(one: &Value) -> Lot {
    let reason = one["reason"]["code"].as_str().map(str::to_owned);
    let until = one["deferred_until"].as_str().map(|text| text.parse().unwrap());
    let state = match (&reason, until) {
        (None, _) => "sent",
        (Some(reason), _) if reason == "budget" => "pending",
        (_, Some(_)) => "deferred",
        _ => "suppressed",
    };
    let step = if reason.is_none() { one["step"].as_i64().unwrap() } else { 0 };
    let variant = one["variant"].as_str().map(str::to_owned);
    (state.to_owned(), reason, variant, step, one["cost_fen"].as_i64().unwrap(), until)
}

/// A draft with variants and a hold-out, by its path.
async fn planned(app: &TestApp, change: impl FnOnce(&mut CampaignDraft)) -> String {
    let segment_id = app.segment(Rule::All(vec![Rule::NeverBought(true)])).await;
    let campaign = app
        .campaign(Channel::WechatSubscribe, |draft| {
            draft.segment_id = segment_id;
            draft.holdout_percent = 10;
            variants(draft);
            change(draft);
        })
        .await;
    format!("/v1/console/campaigns/{}", campaign.id)
}

/// Forecast, send, compare; answers the forecast.
async fn agree(app: &TestApp, change: impl FnOnce(&mut CampaignDraft)) -> Value {
    let owner = app.staff_session(StaffRole::Owner).await;
    let path = planned(app, change).await;
    let forecast = app.get(&format!("{path}/forecast")).with_bearer(&owner).await.expect(200);
    let told = foretold(app, &owner, &path, &forecast).await;
    app.post(&format!("{path}/schedule"), json!({})).with_bearer(&owner).await.expect(200);
    let began = app.ctx.now();
    app.drain().await;
    assert_eq!(app.ctx.now(), began, "the clock stood still");
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let rows = app.deliveries_of(id).await;
    assert_eq!(forecast["audience"], rows.len());
    assert_eq!(told.len(), rows.len());
    for row in &rows {
        assert_eq!(lot_of_row(row), lot_foretold(&told[&row.member_id]), "{}", told[&row.member_id]);
    }
    let cost: i64 = rows.iter().map(|row| row.cost_fen).sum();
    assert_eq!(forecast["cost_fen"], cost);
    app.callbacks_settled().await;
    forecast
}

fn reasons(forecast: &Value) -> Vec<&str> {
    forecast["others"].as_array().unwrap().iter().filter_map(|line| line["reason"]["code"].as_str()).collect()
}

#[tokio::test]
async fn what_was_forecast_is_what_happens_to_the_last_member() {
    let app = TestApp::with_platforms_and(FAST).await;
    a_mixed_audience(&app).await;
    let forecast = agree(&app, |draft| draft.on_cap = OnCap::Defer).await;
    for reason in ["holdout", "opted_out", "paused_by_member", "not_personalised", "no_address", "no_consent"]
    {
        assert!(reasons(&forecast).contains(&reason), "{reason}: {forecast}");
    }
    for line in forecast["others"].as_array().unwrap() {
        let releases: u64 =
            line["releases"].as_array().unwrap().iter().map(|one| one["members"].as_u64().unwrap()).sum();
        let deferred = if line["deferred_until"].is_null() { 0 } else { line["members"].as_u64().unwrap() };
        assert_eq!(releases, deferred, "{line}");
    }
}

#[tokio::test]
async fn a_fall_back_with_a_coupon_and_a_budget_is_forecast_to_the_last_member() {
    let app = TestApp::with_platforms_and(FAST).await;
    a_mixed_audience(&app).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let plan = |draft: &mut CampaignDraft| {
        falls_back_to(draft, &[Channel::Sms, Channel::Inbox]);
        draft.on_cap = OnCap::Drop;
        draft.budget_fen = Some(20);
        // Whom the draw holds out is the same in both campaigns.
        draft.experiment = Some("一张券够不够".to_owned());
    };
    let path = planned(&app, plan).await;
    let without = app.get(&format!("{path}/forecast")).with_bearer(&owner).await.expect(200);
    let one_too_few = without["will_send"].as_i64().unwrap() - 1;
    let offer = template(&app, &owner, one_too_few).await;
    let forecast = agree(&app, |draft| {
        plan(draft);
        draft.coupon_template_id = Some(offer);
    })
    .await;
    let steps = forecast["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3, "all channels are used: {forecast}");
    assert_eq!(forecast["cost_fen"], 20, "the budget is used up: {forecast}");
    assert!(reasons(&forecast).contains(&"coupon_sold_out"), "{forecast}");
}

#[tokio::test]
async fn who_is_beyond_the_budget_is_forecast_to_wait_for_it() {
    let app = TestApp::with_platforms_and(FAST).await;
    a_mixed_audience(&app).await;
    let forecast = agree(&app, |draft| {
        falls_back_to(draft, &[Channel::Sms]);
        draft.on_cap = OnCap::NextChannel;
        draft.budget_fen = Some(24);
    })
    .await;
    assert!(reasons(&forecast).contains(&"budget"), "{forecast}");
}

#[test]
fn releases_are_told_by_the_hour_for_two_days_and_by_the_day_behind() {
    let at = |hour, minute| Utc.with_ymd_and_hms(2026, 3, 1, hour, minute, 0).unwrap();
    let zone = chrono_tz::Asia::Shanghai;
    assert_eq!(release(at(9, 59), at(3, 0), zone), at(9, 0));
    // 09:59 UTC on 10 March is that day in Shanghai, which began at 16:00 UTC on the 9th.
    let later = Utc.with_ymd_and_hms(2026, 3, 10, 9, 59, 0).unwrap();
    let day = Utc.with_ymd_and_hms(2026, 3, 9, 16, 0, 0).unwrap();
    assert_eq!(release(later, at(3, 0), zone), day);
}

#[tokio::test]
async fn a_list_refuses_a_reason_and_a_cursor_that_are_none() {
    let app = TestApp::with_platforms().await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let campaign = app.campaign(Channel::Inbox, |_| {}).await;
    let path = format!("/v1/console/campaigns/{}/forecast/members", campaign.id);
    app.get(&format!("{path}?reason=x")).with_bearer(&owner).await.expect_invalid("reason");
    for cursor in ["x", "x.0.0", "0190a000-0000-7000-8000-000000000000.-1.0"] {
        app.get(&format!("{path}?cursor={cursor}")).with_bearer(&owner).await.expect_invalid("cursor");
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
