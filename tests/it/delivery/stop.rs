//! When a campaign stops by itself, and when it must not.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use proptest::prelude::*;
use serde_json::{Value, json};
use service::delivery::channel::Taken;
use service::delivery::outcome::{Outcome, Told};
use service::delivery::trouble::{TOO_MANY_FAILURES, Verdict, judge, look_at};
use service::delivery::{HINTED_CODES, Reason, hint};
use service::ids::CampaignId;
use service::tally::Threshold;
use tests::TestApp;
use tests::platforms::COUPON_ARRIVAL;

const SEND: &str = "/cgi-bin/message/subscribe/send";
const NO_CAPS: &str = "caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0";
const THRESHOLD: Threshold = Threshold { percent: 30, minimum: 10 };

fn now() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

fn told(code: &str) -> Told {
    Told { code: code.to_owned(), message: String::new(), supplier: None, started_at: now() }
}

fn sent() -> Outcome {
    Outcome::Sent { taken: Taken::default(), started_at: now() }
}

fn no_consent() -> Outcome {
    Outcome::Refused { reason: Reason::NoConsent, told: told("43101") }
}

fn verdict_on(outcomes: &[Outcome], row: i64) -> Verdict {
    let seen = look_at(outcomes.iter());
    let counts = seen.counts;
    judge(&seen, row, 5, counts, THRESHOLD)
}

#[test]
fn each_kind_of_answer_stops_or_does_not() {
    let content = |count: usize| vec![Outcome::ContentRefused(told("47003")); count];
    let stops =
        |code: &str, content_is_template| Verdict { stop: Some(code.to_owned()), content_is_template };
    assert_eq!(verdict_on(&[sent(), Outcome::CampaignBroken(told("40037"))], 0), stops("40037", false));
    assert_eq!(verdict_on(&content(4), 4), Verdict::default(), "one member's variables may be at fault");
    assert_eq!(verdict_on(&content(2), 5), stops("47003", true), "several in a row are the template's");
    let with_success = [content(6), vec![sent(); 14]].concat();
    assert_eq!(verdict_on(&with_success, 0), Verdict::default(), "it takes some, so it is not the template");
    let unheard = [vec![Outcome::Unknown(told("timeout")); 4], vec![sent(); 6]].concat();
    assert_eq!(verdict_on(&unheard, 0), stops(TOO_MANY_FAILURES, false));
    assert_eq!(verdict_on(&vec![no_consent(); 5_000], 0), Verdict::default(), "a storm of 43101");
    let again = |reason| Outcome::Again { reason, retry_after: None, told: told("x") };
    assert_eq!(verdict_on(&vec![again(Reason::PlatformBusy); 500], 0), Verdict::default());
    assert_eq!(verdict_on(&vec![again(Reason::PlatformThrottled); 500], 0), Verdict::default());
}

proptest! {
    #[test]
    fn lost_consents_never_change_what_the_others_say(storm in 0..300_usize, good in 0..40_usize, bad in 0..40_usize) {
        let others = [vec![sent(); good], vec![Outcome::Unknown(told("timeout")); bad]].concat();
        let with_storm = [others.clone(), vec![no_consent(); storm]].concat();
        prop_assert_eq!(verdict_on(&others, 0), verdict_on(&with_storm, 0));
    }

    #[test]
    fn a_campaign_without_failures_never_stops(good in 0..500_usize, storm in 0..500_usize) {
        let outcomes = [vec![sent(); good], vec![no_consent(); storm], vec![Outcome::HandedBack; 3]].concat();
        prop_assert_eq!(verdict_on(&outcomes, 0), Verdict::default());
    }
}

#[test]
fn every_code_has_words_in_both_languages_and_an_unknown_one_too() {
    for code in HINTED_CODES.iter().chain(&["isv.SOMETHING_NEW"]) {
        let hint = hint(code);
        assert!(!hint.chinese.is_ascii() && hint.english.len() > 20, "{code}");
    }
}

async fn started(people: usize, more: &str) -> TestApp {
    let app = TestApp::with_platforms_and(&format!("{more}\n{NO_CAPS}")).await;
    app.reachable(people, 2).await;
    app
}

async fn refuse(app: &TestApp, refusals: Value) {
    app.set_fault(SEND, json!({ "refusals": refusals })).await;
}

async fn state_of(app: &TestApp, id: CampaignId) -> (CampaignState, Option<String>) {
    let row = app.campaign_row(id).await;
    (row.state, row.state_reason)
}

async fn resume(app: &TestApp, id: CampaignId) {
    let owner = app.staff_session(StaffRole::Owner).await;
    let path = format!("/v1/console/campaigns/{id}/resume");
    app.post(&path, json!({})).with_bearer(&owner).await.expect(200);
}

#[tokio::test]
async fn a_template_that_takes_no_content_pauses_its_campaign_says_what_to_mend_and_stops_no_other() {
    let app = started(12, "").await;
    refuse(&app, json!([{ "code": "47003", "template": tests::platforms::COUPON_EXPIRY }])).await;
    let broken = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let other = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;

    assert_eq!(state_of(&app, broken).await, (CampaignState::Paused, Some("47003".to_owned())));
    let counts: BTreeMap<_, _> = app.counts(broken).await.into_iter().collect();
    let failed = counts.get(&DeliveryState::Failed).copied().unwrap_or_default();
    assert!(failed < 5, "{failed} paid for the template before the row of refusals was full");
    assert_eq!(app.counts(broken).await[0], (DeliveryState::Pending, 12 - failed));
    assert_eq!(app.counts(other).await, [(DeliveryState::Sent, 12)]);
    let owner = app.staff_session(StaffRole::Owner).await;
    let view = app.get(&format!("/v1/console/campaigns/{broken}")).with_bearer(&owner).await.expect(200);
    assert!(view["state_hint"]["zh"].as_str().unwrap().contains("模板的参数规则"));
    assert!(view["state_hint"]["en"].as_str().unwrap().contains("Check each parameter"));

    app.clear_faults().await;
    resume(&app, broken).await;
    app.drain().await;
    assert_eq!(app.counts(broken).await[0], (DeliveryState::Delivered, 12 - failed));
}

#[tokio::test]
async fn one_members_bad_variables_fail_that_member_alone() {
    let app = started(40, "").await;
    refuse(&app, json!([{ "code": "47003", "people_rate": 0.1 }])).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;

    assert_eq!(state_of(&app, id).await.0, CampaignState::Completed);
    let failed = app.reasons(id).await;
    assert!(failed.is_empty() || failed[0].0 == "content_invalid", "{failed:?}");
    assert!(app.messages_received() >= 30);
}

#[tokio::test]
async fn too_large_a_share_of_failures_pauses_and_what_was_counted_before_does_not_stop_it_again() {
    let app = started(60, "delivery.error_minimum = 20\ndelivery.error_percent = 30").await;
    refuse(&app, json!([{ "code": "40003", "people_rate": 0.6 }])).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(state_of(&app, id).await, (CampaignState::Paused, Some("error_rate".to_owned())));
    let open =
        app.counts(id).await.iter().find(|(state, _)| *state == DeliveryState::Pending).map(|(_, n)| *n);
    assert!(open.is_some_and(|open| open > 0), "it stopped before its end");

    refuse(&app, json!([{ "code": "40003", "rate": 0.05 }])).await;
    resume(&app, id).await;
    app.drain().await;
    assert_eq!(state_of(&app, id).await.0, CampaignState::Completed);
}

#[tokio::test]
async fn a_storm_of_lost_consents_neither_pauses_nor_slows_and_zeroes_each_ledger_once() {
    let app = started(300, "rates.wechat_per_second = 1000").await;
    refuse(&app, json!([{ "code": "43101", "people_rate": 0.9 }])).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let before = app.ctx.now();
    app.drain().await;

    assert_eq!(state_of(&app, id).await.0, CampaignState::Completed);
    assert!(app.ctx.now() - before < Duration::seconds(5), "nobody rested");
    let lost: Vec<_> = app
        .deliveries_of(id)
        .await
        .into_iter()
        .filter(|row| row.reason.as_deref() == Some("no_consent"))
        .collect();
    assert!(lost.len() > 200, "{}", lost.len());
    for row in lost.iter().take(20) {
        assert_eq!(app.consent_left(row.member_id, tests::platforms::COUPON_EXPIRY).await, (0, 0));
        assert_eq!(row.attempts, 1);
    }
}

#[tokio::test]
async fn the_day_quota_rests_the_channel_until_midnight_in_beijing_and_gives_up_nobody() {
    let app = started(6, "quiet_hours.start = \"00:00\"\nquiet_hours.end = \"00:00\"").await;
    refuse(&app, json!([{ "code": "45009" }])).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.clear_faults().await;
    let midnight: DateTime<Utc> = "2026-03-02T16:00:00Z".parse().unwrap();
    app.set_time(midnight - Duration::seconds(1)).await;
    let other = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 0, "another campaign waits too");
    app.set_time(midnight + Duration::seconds(1)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 6)]);
    assert_eq!(app.counts(other).await, [(DeliveryState::Delivered, 6)]);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_retry_after_is_obeyed_for_the_channel_and_counts_as_no_try() {
    let app = started(6, "").await;
    app.set_fault(SEND, json!({ "http_429_rate": 1.0, "retry_after_seconds": 90 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.clear_faults().await;
    app.advance(Duration::seconds(85)).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 0);
    app.advance(Duration::seconds(6)).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 6)]);
    assert!(app.deliveries_of(id).await.iter().all(|row| row.attempts == 1));
}

#[tokio::test]
async fn a_banned_template_stops_only_the_campaigns_that_use_it() {
    let app = TestApp::with_platforms_and(NO_CAPS).await;
    let reachable = app.reachable(5, 1).await;
    let people: Vec<_> = reachable.iter().map(|one| one.person.clone()).collect();
    app.answer_prompts(&people, COUPON_ARRIVAL, "accept").await;
    refuse(&app, json!([{ "code": "43107", "template": tests::platforms::COUPON_EXPIRY }])).await;
    let banned = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let other = app
        .scheduled(Channel::WechatSubscribe, |draft| {
            draft.message.template_id = Some(COUPON_ARRIVAL.to_owned());
            draft.message.parameters = [
                ("thing1", "满100减20券"),
                ("amount2", "20元"),
                ("date3", "2026年03月31日"),
                ("thing4", "到店使用"),
            ]
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into();
        })
        .await;
    app.drain().await;
    assert_eq!(state_of(&app, banned).await, (CampaignState::Paused, Some("43107".to_owned())));
    assert_eq!(app.counts(other).await, [(DeliveryState::Delivered, 5)]);
}
