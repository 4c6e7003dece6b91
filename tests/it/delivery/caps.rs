//! Caps by class, topic and channel, and a member's own, as pure decisions.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Asia::Shanghai;
use entity::states::{Channel, MessageClass, OnCap};
use proptest::prelude::*;
use service::calendar;
use service::delivery::{Decision, Reason, Recipient, Slot, Terms, decide, gates};
use service::policy::{CapRule, Caps};

use super::facts::{NO_CAPS, noon, recipient, slot, terms};

fn rule(topic: Option<&str>, channel: Option<Channel>, per_24_hours: u32) -> CapRule {
    CapRule {
        class: None,
        topic: topic.map(str::to_owned),
        channel,
        per_24_hours,
        per_7_days: 0,
        per_calendar_day: 0,
    }
}

#[test]
fn a_rule_counts_the_slots_that_fit_it_and_holds_for_the_messages_that_do() {
    let taken = [
        slot(noon() - Duration::hours(1), Channel::Sms, "offers"),
        slot(noon() - Duration::hours(2), Channel::WechatSubscribe, "news"),
    ];
    let class = |class| CapRule { class: Some(class), ..rule(None, None, 2) };
    for (rule, stopped) in [
        (rule(None, Some(Channel::Sms), 1), true),
        (rule(None, Some(Channel::Sms), 2), false),
        (rule(None, Some(Channel::WechatSubscribe), 1), false),
        (rule(Some("offers"), None, 1), true),
        (rule(Some("news"), None, 1), false),
        (rule(Some("offers"), Some(Channel::Sms), 1), true),
        (rule(Some("offers"), Some(Channel::Inbox), 1), false),
        (class(MessageClass::Marketing), true),
    ] {
        let mut terms = terms(Channel::Sms);
        terms.cap_rules = vec![rule.clone()];
        let mut to = recipient(Shanghai);
        to.slots = taken.to_vec();
        let expected = if stopped { Decision::Suppress(Reason::FrequencyCap) } else { Decision::Send };
        assert_eq!(decide(&terms, &to, noon()), expected, "{rule:?}");
    }
}

#[test]
fn the_strictest_of_brand_rule_and_wish_wins_and_the_explanation_counts_each() {
    let mut terms = terms(Channel::Sms);
    terms.on_cap = OnCap::Defer;
    terms.caps = Caps { per_24_hours: 5, per_7_days: 9, per_calendar_day: 0 };
    terms.cap_rules = vec![rule(None, Some(Channel::Sms), 2)];
    let mut to = recipient(Shanghai);
    to.slots = vec![slot(noon() - Duration::hours(30), Channel::Sms, "offers")];
    to.channel_limits = vec![(Channel::Inbox, 1)];
    assert_eq!(decide(&terms, &to, noon()), Decision::Send, "a wish for another channel");
    to.channel_limits = vec![(Channel::Sms, 1)];
    let until = to.slots[0].at + Duration::days(7);
    // Freed at six in the morning, sent when the SMS wall opens.
    let opens = until
        .max(calendar::start_of_day(calendar::local_date(until, Shanghai), Shanghai) + Duration::hours(8));
    assert_eq!(decide(&terms, &to, noon()), Decision::Defer { until: opens, reason: Reason::FrequencyCap });
    let saw = gates(&terms, &to, noon()).pop().unwrap().saw;
    assert_eq!(
        saw,
        "over all: 0 of 5 in 24 hours, 1 of 9 in 7 days; sms: 0 of 2 in 24 hours; sms: 1 of 1 in 7 days"
    );
}

#[test]
fn a_transactional_message_is_exempt_and_says_so() {
    let mut terms = terms(Channel::Sms);
    terms.class = MessageClass::Transactional;
    terms.caps = Caps { per_24_hours: 1, ..NO_CAPS };
    let mut to = recipient(Shanghai);
    to.slots = vec![slot(noon(), Channel::Sms, "offers")];
    assert_eq!(decide(&terms, &to, noon()), Decision::Send);
    let saw = gates(&terms, &to, noon()).pop().unwrap().saw;
    assert_eq!(saw, "exempt: transactional");
}

#[derive(Debug, Clone)]
struct Sent {
    minutes: i64,
    channel: Channel,
    topic: &'static str,
}

fn any_sent() -> impl Strategy<Value = Sent> {
    let channel = proptest::sample::select(vec![Channel::Sms, Channel::WechatSubscribe, Channel::Inbox]);
    let topic = proptest::sample::select(vec!["offers", "news"]);
    (-2_000..4_000_i64, channel, topic).prop_map(|(minutes, channel, topic)| Sent { minutes, channel, topic })
}

fn any_rule() -> impl Strategy<Value = CapRule> {
    let channel = proptest::option::of(proptest::sample::select(vec![Channel::Sms, Channel::Inbox]));
    let topic = proptest::option::of(proptest::sample::select(vec!["offers", "news"]));
    (channel, topic, 0..3_u32, 0..4_u32, 0..3_u32).prop_map(|(channel, topic, day, week, date)| CapRule {
        class: None,
        topic: topic.map(str::to_owned),
        channel,
        per_24_hours: day,
        per_7_days: week,
        per_calendar_day: date,
    })
}

/// No window of the rule, ended by any of its slots, holds more than it allows.
fn holds(rule: &CapRule, slots: &[Slot]) -> bool {
    let fits = |slot: &&Slot| {
        rule.channel.is_none_or(|only| only == slot.channel)
            && rule.topic.as_ref().is_none_or(|only| *only == slot.topic)
    };
    let times: Vec<_> = slots.iter().filter(fits).map(|slot| slot.at).collect();
    let within =
        |end: &DateTime<Utc>, window| times.iter().filter(|at| *at <= end && **at > *end - window).count();
    let day = |at: &DateTime<Utc>| calendar::local_date(*at, Shanghai);
    let fine = |cap: u32, count: usize| cap == 0 || count <= cap as usize;
    times.iter().all(|end| {
        fine(rule.per_24_hours, within(end, Duration::hours(24)))
            && fine(rule.per_7_days, within(end, Duration::days(7)))
            && fine(rule.per_calendar_day, times.iter().filter(|at| day(at) == day(end)).count())
    })
}

fn at_decided_time(terms: &Terms, to: &Recipient, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match decide(terms, to, now) {
        Decision::Send => Some(now),
        Decision::Defer { until, .. } => (decide(terms, to, until) == Decision::Send).then_some(until),
        Decision::Suppress(_) => None,
    }
}

proptest! {
    /// Sends at the decided times, on a clock that is set back in between too.
    #[test]
    fn whatever_the_rules_and_the_order_of_sends_no_window_holds_more_than_its_cap(
        rules in proptest::collection::vec(any_rule(), 1..4),
        sends in proptest::collection::vec(any_sent(), 1..40),
        own in proptest::option::of(1..4_u32),
    ) {
        let mut to = recipient(Shanghai);
        to.weekly_limit = own;
        let mut now = noon();
        for sent in sends {
            now += Duration::minutes(sent.minutes);
            let mut terms = terms(sent.channel);
            terms.topic = sent.topic.to_owned();
            terms.on_cap = OnCap::Defer;
            terms.cap_rules = rules.clone();
            if let Some(at) = at_decided_time(&terms, &to, now) {
                prop_assert!(at >= now);
                to.slots.push(slot(at, sent.channel, sent.topic));
            }
        }
        let own = CapRule { per_7_days: own.unwrap_or_default(), ..rule(None, None, 0) };
        for rule in rules.iter().chain([&own]) {
            prop_assert!(holds(rule, &to.slots), "{rule:?} {:?}", to.slots);
        }
    }
}
