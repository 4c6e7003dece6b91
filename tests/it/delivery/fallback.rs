//! The fall-back order: decided per member at the moment of sending.

use chrono::Duration;
use chrono_tz::Asia::Shanghai;
use entity::states::{CampaignState, Channel, DeliveryState, OnCap, StaffRole};
use entity::{attempt, inbox_message};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use service::campaign::CampaignDraft;
use service::delivery::{Choice, Decision, FallbackStep, Reason, Saw, Terms, choose, gates};
use tests::TestApp;
use tests::builders::message;
use tests::platforms::COUPON_EXPIRY;

use super::facts::{NO_CAPS, at, noon, recipient, slot, step, terms};

const SEND: &str = "/cgi-bin/message/subscribe/send";

fn all_three() -> Terms {
    let mut terms = terms(Channel::WechatSubscribe);
    terms.steps.extend([step(Channel::Sms), step(Channel::Inbox)]);
    terms
}

fn sent_on(step: usize) -> Choice {
    Choice { step, decision: Decision::Send }
}

fn ended(step: usize, reason: Reason) -> Choice {
    Choice { step, decision: Decision::Suppress(reason) }
}

#[test]
fn a_reason_of_the_channel_goes_on_to_the_next_and_a_reason_of_the_member_ends_it() {
    let no = |channel: &str| vec![(channel.to_owned(), "offers".to_owned())];
    let mut terms = all_three();
    let mut to = recipient(Shanghai);
    assert_eq!(choose(&terms, &to, 0, noon()), sent_on(0));
    to.consents.clear();
    assert_eq!(choose(&terms, &to, 0, noon()), sent_on(1), "no consent left");
    to.marketing_consent = false;
    assert_eq!(choose(&terms, &to, 0, noon()), sent_on(2), "no marketing consent for SMS");
    to.opt_outs = no("inbox");
    assert_eq!(choose(&terms, &to, 0, noon()), ended(2, Reason::OptedOut), "the last one decides");
    to.opt_outs = no("all");
    assert_eq!(choose(&terms, &to, 0, noon()), ended(0, Reason::OptedOut));
    to.opt_outs.clear();
    to.paused_until = Some(noon() + Duration::days(30));
    let paused = Decision::Defer { until: noon() + Duration::days(30), reason: Reason::PausedByMember };
    assert_eq!(choose(&terms, &to, 0, noon()), Choice { step: 0, decision: paused });
    to.paused_until = None;
    terms.offer_ends_at = Some(noon());
    to.consents.insert("T".to_owned(), 1);
    assert_eq!(choose(&terms, &to, 0, noon()), ended(0, Reason::OfferEnded));
    to.active = false;
    assert_eq!(choose(&terms, &to, 0, noon()), ended(0, Reason::MemberInactive));
}

#[test]
fn a_channel_that_was_left_or_is_not_set_up_is_not_used() {
    let mut terms = all_three();
    let to = recipient(Shanghai);
    assert_eq!(choose(&terms, &to, 1, noon()), sent_on(1));
    assert_eq!(choose(&terms, &to, 9, noon()), sent_on(2), "an order that was shortened since");
    terms.steps[0].configured = false;
    assert_eq!(choose(&terms, &to, 0, noon()), sent_on(1));
    terms.steps.truncate(1);
    let until = noon() + Duration::minutes(5);
    let waits = Decision::Defer { until, reason: Reason::ChannelNotConfigured };
    assert_eq!(choose(&terms, &to, 0, noon()), Choice { step: 0, decision: waits });
}

#[test]
fn a_full_channel_goes_on_only_where_the_campaign_says_so_and_the_cap_over_all_stops_every_channel() {
    let mut terms = all_three();
    terms.cap_rules = vec![service::policy::CapRule {
        class: None,
        topic: None,
        channel: Some(Channel::WechatSubscribe),
        per_24_hours: 1,
        per_7_days: 0,
        per_calendar_day: 0,
    }];
    let mut to = recipient(Shanghai);
    to.slots = vec![slot(noon(), Channel::WechatSubscribe, "offers")];
    for (on_cap, expected) in [
        (OnCap::NextChannel, sent_on(1)),
        (OnCap::Drop, ended(0, Reason::FrequencyCap)),
        (
            OnCap::Defer,
            Choice {
                step: 0,
                decision: Decision::Defer { until: noon() + Duration::days(1), reason: Reason::FrequencyCap },
            },
        ),
    ] {
        terms.on_cap = on_cap;
        assert_eq!(choose(&terms, &to, 0, noon()), expected, "{on_cap:?}");
    }
    terms.on_cap = OnCap::NextChannel;
    terms.caps = service::policy::Caps { per_24_hours: 1, ..NO_CAPS };
    assert_eq!(choose(&terms, &to, 0, noon()), ended(2, Reason::FrequencyCap));
}

#[test]
fn hours_that_end_after_the_offer_send_it_to_a_channel_without_hours() {
    let mut terms = all_three();
    let mut to = recipient(Shanghai);
    to.consents.clear();
    let evening = at("2026-03-02T15:00:00Z");
    let until = at("2026-03-03T00:00:00Z");
    let waits = Decision::Defer { until, reason: Reason::QuietHours };
    assert_eq!(choose(&terms, &to, 0, evening), Choice { step: 1, decision: waits });
    terms.offer_ends_at = Some(until);
    assert_eq!(choose(&terms, &to, 0, evening), sent_on(2));
    let names: Vec<_> = gates(&terms, &to, evening).iter().map(|gate| (gate.step, gate.name)).collect();
    assert_eq!(names.len(), 27, "every gate of the three steps");
    assert_eq!((names[0], names[26]), ((0, "membership"), (2, "frequency_cap")));
}

fn to_all_channels(draft: &mut CampaignDraft) {
    draft.fallback = [Channel::Sms, Channel::Inbox]
        .map(|channel| FallbackStep { channel, message: message(channel) })
        .to_vec();
}

#[tokio::test]
async fn one_batch_reaches_each_member_on_the_first_channel_that_is_open() {
    let app = TestApp::with_platforms().await;
    let subscribed = app.reachable(3, 1).await;
    let people = app.people(6).await.split_off(3);
    let by_phone = app.enrol(people[..2].to_vec()).await;
    let nowhere = app.members(2).await;
    let id = app.scheduled(Channel::WechatSubscribe, to_all_channels).await;
    app.drain().await;

    for one in &subscribed {
        let row = app.delivery_to(id, one.member).await;
        assert_eq!((row.channel, row.step, row.cost_fen), (Channel::WechatSubscribe, 0, 0));
        assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
        assert_eq!(app.messages_of(&one.person).await.len(), 1);
    }
    for one in &by_phone {
        let row = app.delivery_to(id, one.member).await;
        assert_eq!((row.channel, row.step, row.state), (Channel::Sms, 1, DeliveryState::Delivered));
        assert_eq!((row.cost_fen, row.saw.is_none()), (5, true));
        assert_eq!(app.messages_of(&one.person).await.len(), 1);
    }
    for member in nowhere {
        let row = app.delivery_to(id, member).await;
        assert_eq!((row.channel, row.step, row.state), (Channel::Inbox, 2, DeliveryState::Sent));
    }
    assert_eq!(inbox_message::Entity::find().count(app.ctx.db.read()).await.unwrap(), 2);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn a_platforms_personal_no_moves_the_message_on_and_is_not_asked_again() {
    for (errcode, left) in [(43101, 0), (40003, 1)] {
        let app = TestApp::with_platforms().await;
        let reachable = app.reachable(3, 1).await;
        app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": errcode })).await;
        let id = app.scheduled(Channel::WechatSubscribe, to_all_channels).await;
        app.drain().await;

        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 3)], "{errcode}");
        for one in &reachable {
            let row = app.delivery_to(id, one.member).await;
            assert_eq!((row.channel, row.step, row.reason), (Channel::Sms, 1, None));
            assert!(row.slot_at.is_some());
            assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (left, 0), "{errcode}");
            assert_eq!(app.messages_of(&one.person).await.len(), 1);
        }
        let tries = attempt::Entity::find().all(app.ctx.db.read()).await.unwrap();
        assert_eq!(tries.iter().filter(|row| row.outcome == "refused").count(), 3, "{errcode}");
        assert_eq!(tries.iter().filter(|row| row.outcome == "sent").count(), 3, "{errcode}");
    }
}

#[tokio::test]
async fn what_held_a_delivery_back_is_remembered_after_it_has_changed() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    let one = app.reachable(1, 2).await.remove(0);
    app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let decided_at = app.ctx.now();
    app.advance(Duration::days(3)).await;

    let row = app.delivery_to(id, one.member).await;
    let saw: Saw = serde_json::from_value(row.saw.unwrap()).unwrap();
    assert_eq!(saw.at.timestamp(), decided_at.timestamp());
    let last = saw.gates.last().unwrap();
    assert_eq!((last.0, last.1.as_str(), last.2), (0, "frequency_cap", false));
    assert!(last.3.starts_with("over all: 1 of 1 in 24 hours"), "{}", last.3);
    assert!(saw.gates[..8].iter().all(|gate| gate.2));
}

#[tokio::test]
async fn an_order_that_names_a_channel_twice_or_an_incomplete_message_is_refused_by_its_field() {
    let app = TestApp::with_platforms().await;
    let owner = app.caller(StaffRole::Owner);
    for (channel, message, field) in [
        (Channel::WechatSubscribe, message(Channel::WechatSubscribe), "fallback[0].channel"),
        (Channel::Inbox, message(Channel::Sms), "fallback[0].message.title"),
    ] {
        let mut draft = tests::builders::draft(
            Channel::WechatSubscribe,
            app.segment(service::audience::Rule::All(Vec::new())).await,
        );
        draft.fallback = vec![FallbackStep { channel, message }];
        let error = service::campaign::create(&app.ctx, &owner, draft).await.unwrap_err();
        let service::Error::Invalid(errors) = error else { panic!("{error}") };
        assert_eq!(errors[0].field, field);
    }
}
