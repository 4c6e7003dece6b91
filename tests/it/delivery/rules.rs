//! The gates as pure decisions.

use chrono::{DateTime, Duration, NaiveTime, TimeZone, Utc};
use chrono_tz::{Asia::Shanghai, Europe::Berlin, Tz};
use entity::states::{Channel, MessageClass, OnCap};
use proptest::prelude::*;
use service::calendar;
use service::delivery::rules::window_end;
use service::delivery::{Decision, Reason, Recipient, Terms, decide, gates};
use service::policy::Caps;

use super::facts::{NO_CAPS, at, noon, recipient, slot, slots, terms};

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn window(start: &str, end: &str) -> Option<(NaiveTime, NaiveTime)> {
    Some((time(start), time(end)))
}

fn no(reason: Reason) -> Decision {
    Decision::Suppress(reason)
}

fn later(until: &str, reason: Reason) -> Decision {
    Decision::Defer { until: at(until), reason }
}

#[test]
fn the_first_gate_that_stops_decides_and_the_order_is_fixed() {
    let mut terms = terms(Channel::WechatSubscribe);
    let now = noon();
    terms.offer_ends_at = Some(now - Duration::days(1));
    terms.quiet = window("11:00", "13:00");
    terms.caps = Caps { per_24_hours: 1, ..NO_CAPS };
    let mut to = recipient(Shanghai);
    to.active = false;
    to.opt_outs = vec![("all".to_owned(), "all".to_owned())];
    to.personalised = false;
    to.paused_until = Some(now + Duration::hours(1));
    to.openid = None;
    to.consents.clear();
    to.slots = slots(&[now]);

    let mut seen = Vec::new();
    let mut step = |terms: &Terms, to: &Recipient| seen.push(decide(terms, to, now));
    step(&terms, &to);
    to.active = true;
    step(&terms, &to);
    to.opt_outs.clear();
    step(&terms, &to);
    to.personalised = true;
    terms.offer_ends_at = None;
    step(&terms, &to);
    to.paused_until = None;
    step(&terms, &to);
    to.openid = Some("openid".to_owned());
    step(&terms, &to);
    to.consents.insert("T".to_owned(), 1);
    terms.offer_ends_at = Some(now);
    step(&terms, &to);
    terms.offer_ends_at = None;
    step(&terms, &to);
    terms.quiet = None;
    step(&terms, &to);
    to.slots.clear();
    step(&terms, &to);

    assert_eq!(
        seen,
        [
            no(Reason::MemberInactive),
            no(Reason::OptedOut),
            no(Reason::NotPersonalised),
            later("2026-03-02T05:00:00Z", Reason::PausedByMember),
            no(Reason::NoAddress),
            no(Reason::NoConsent),
            no(Reason::OfferEnded),
            later("2026-03-02T05:00:00Z", Reason::QuietHours),
            no(Reason::FrequencyCap),
            Decision::Send,
        ]
    );
    let names: Vec<_> = gates(&terms, &to, now).iter().map(|gate| gate.name).collect();
    let order = [
        "membership",
        "opt_out",
        "channel",
        "pause",
        "marketing_consent",
        "address_and_consent",
        "offer",
        "quiet_hours",
        "frequency_cap",
    ];
    assert_eq!(names, order);
}

#[test]
fn an_opt_out_holds_for_its_channel_and_topic_and_all_for_every_one() {
    for (channel, topic, refused) in [
        ("all", "all", true),
        ("all", "offers", true),
        ("sms", "all", true),
        ("sms", "offers", true),
        ("inbox", "all", false),
        ("all", "news", false),
        ("sms", "news", false),
    ] {
        let mut to = recipient(Shanghai);
        to.opt_outs = vec![(channel.to_owned(), topic.to_owned())];
        let decision = decide(&terms(Channel::Sms), &to, noon());
        let expected = if refused { no(Reason::OptedOut) } else { Decision::Send };
        assert_eq!(decision, expected, "{channel} {topic}");
    }
}

#[test]
fn a_transactional_message_passes_opt_out_pause_quiet_hours_and_cap_but_not_a_closed_membership() {
    let mut terms = terms(Channel::Sms);
    terms.class = MessageClass::Transactional;
    terms.quiet = window("00:00", "23:59");
    terms.caps = Caps { per_24_hours: 1, per_7_days: 1, per_calendar_day: 1 };
    let mut to = recipient(Shanghai);
    to.opt_outs = vec![("all".to_owned(), "all".to_owned())];
    to.paused_until = Some(noon() + Duration::days(1));
    to.marketing_consent = false;
    to.slots = slots(&[noon()]);
    assert_eq!(decide(&terms, &to, noon()), Decision::Send);
    to.active = false;
    assert_eq!(decide(&terms, &to, noon()), no(Reason::MemberInactive));
}

#[test]
fn marketing_by_sms_needs_the_members_yes_and_a_subscribe_message_carries_its_own() {
    let mut to = recipient(Shanghai);
    to.marketing_consent = false;
    assert_eq!(decide(&terms(Channel::Sms), &to, noon()), no(Reason::NoMarketingConsent));
    assert_eq!(decide(&terms(Channel::WechatSubscribe), &to, noon()), Decision::Send);
    assert_eq!(decide(&terms(Channel::Inbox), &to, noon()), Decision::Send);
}

#[test]
fn quiet_hours_cross_midnight_in_the_members_zone() {
    let mut terms = terms(Channel::WechatSubscribe);
    terms.quiet = window("21:30", "08:30");
    let to = recipient(Shanghai);
    for (now, expected) in [
        ("2026-03-02T13:29:59Z", Decision::Send),
        ("2026-03-02T13:30:00Z", later("2026-03-03T00:30:00Z", Reason::QuietHours)),
        ("2026-03-02T16:00:00Z", later("2026-03-03T00:30:00Z", Reason::QuietHours)),
        ("2026-03-03T00:29:59Z", later("2026-03-03T00:30:00Z", Reason::QuietHours)),
        ("2026-03-03T00:30:00Z", Decision::Send),
    ] {
        assert_eq!(decide(&terms, &to, at(now)), expected, "{now}");
    }
    // The same instant is afternoon in Berlin.
    assert_eq!(decide(&terms, &recipient(Berlin), at("2026-03-02T13:30:00Z")), Decision::Send);
}

#[test]
fn quiet_hours_end_by_the_wall_clock_on_both_days_on_which_it_is_changed() {
    let mut terms = terms(Channel::WechatSubscribe);
    terms.quiet = window("22:00", "08:00");
    let to = recipient(Berlin);
    // The night of 29 March is an hour short, that of 25 October an hour long.
    let spring = decide(&terms, &to, at("2026-03-28T21:30:00Z"));
    assert_eq!(spring, later("2026-03-29T06:00:00Z", Reason::QuietHours));
    let autumn = decide(&terms, &to, at("2026-10-24T20:30:00Z"));
    assert_eq!(autumn, later("2026-10-25T07:00:00Z", Reason::QuietHours));

    // An end that is skipped is the first time that exists; an hour that comes twice is quiet twice.
    terms.quiet = window("22:00", "02:30");
    let skipped = decide(&terms, &to, at("2026-03-29T00:30:00Z"));
    assert_eq!(skipped, later("2026-03-29T01:00:00Z", Reason::QuietHours));
    let first = decide(&terms, &to, at("2026-10-25T00:15:00Z"));
    let second = decide(&terms, &to, at("2026-10-25T01:15:00Z"));
    assert_eq!(second, later("2026-10-25T01:30:00Z", Reason::QuietHours));
    assert!(matches!(first, Decision::Defer { .. }));
}

#[test]
fn commercial_sms_go_out_between_eight_and_twenty_two_only() {
    let to = recipient(Shanghai);
    for (now, expected) in [
        ("2026-03-01T23:59:59Z", later("2026-03-02T00:00:00Z", Reason::QuietHours)),
        ("2026-03-02T00:00:00Z", Decision::Send),
        ("2026-03-02T13:59:59Z", Decision::Send),
        ("2026-03-02T14:00:00Z", later("2026-03-03T00:00:00Z", Reason::QuietHours)),
    ] {
        assert_eq!(decide(&terms(Channel::Sms), &to, at(now)), expected, "{now}");
        assert_eq!(decide(&terms(Channel::WechatSubscribe), &to, at(now)), Decision::Send);
    }
}

#[test]
fn the_sms_wall_stands_on_the_shops_clock_and_on_the_members_own() {
    let to = recipient(Berlin);
    for (now, expected) in [
        // 14:00 in Shanghai is 07:00 in Berlin; 22:00 there is 15:00 here.
        ("2026-03-02T06:00:00Z", later("2026-03-02T07:00:00Z", Reason::QuietHours)),
        ("2026-03-02T07:00:00Z", Decision::Send),
        ("2026-03-02T14:00:00Z", later("2026-03-03T07:00:00Z", Reason::QuietHours)),
    ] {
        assert_eq!(decide(&terms(Channel::Sms), &to, at(now)), expected, "{now}");
    }
}

#[test]
fn touching_windows_are_one_and_windows_that_leave_no_time_are_a_no() {
    let mut to = recipient(Shanghai);
    to.quiet = window("08:00", "09:15");
    let night = decide(&terms(Channel::Sms), &to, at("2026-03-02T15:00:00Z"));
    assert_eq!(night, later("2026-03-03T01:15:00Z", Reason::QuietHours));
    to.quiet = window("07:00", "22:30");
    assert_eq!(decide(&terms(Channel::Sms), &to, noon()), no(Reason::QuietHours));
}

#[test]
fn the_rolling_caps_free_when_their_oldest_message_is_old_enough() {
    let mut terms = terms(Channel::Inbox);
    terms.on_cap = OnCap::Defer;
    terms.caps = Caps { per_24_hours: 2, per_7_days: 3, per_calendar_day: 0 };
    let mut to = recipient(Shanghai);
    let hours = |hours: i64| noon() - Duration::hours(hours);

    to.slots = slots(&[hours(23), hours(1)]);
    assert_eq!(decide(&terms, &to, noon()), later("2026-03-02T05:00:00Z", Reason::FrequencyCap));
    to.slots = slots(&[hours(24), hours(1)]);
    assert_eq!(decide(&terms, &to, noon()), Decision::Send);
    to.slots = slots(&[hours(167), hours(100), hours(30)]);
    assert_eq!(decide(&terms, &to, noon()), later("2026-03-02T05:00:00Z", Reason::FrequencyCap));
    to.slots = slots(&[hours(168), hours(100), hours(30)]);
    assert_eq!(decide(&terms, &to, noon()), Decision::Send);
}

#[test]
fn the_calendar_day_is_the_members_own() {
    let mut terms = terms(Channel::Inbox);
    terms.on_cap = OnCap::Defer;
    terms.caps = Caps { per_calendar_day: 1, ..NO_CAPS };
    let mut to = recipient(Shanghai);
    to.slots = slots(&[at("2026-03-02T15:00:00Z")]);
    // 23:30 on the same day, and one minute past midnight.
    assert_eq!(
        decide(&terms, &to, at("2026-03-02T15:30:00Z")),
        later("2026-03-02T16:00:00Z", Reason::FrequencyCap)
    );
    assert_eq!(decide(&terms, &to, at("2026-03-02T16:01:00Z")), Decision::Send);
    // In Berlin it is one afternoon.
    to.zone = Berlin;
    assert_eq!(
        decide(&terms, &to, at("2026-03-02T16:01:00Z")),
        later("2026-03-02T23:00:00Z", Reason::FrequencyCap)
    );
}

#[test]
fn a_members_weekly_wish_can_only_be_stricter() {
    let mut terms = terms(Channel::Inbox);
    let mut to = recipient(Shanghai);
    to.slots = slots(&[noon() - Duration::days(2), noon() - Duration::days(3)]);
    for (brand, own, expected) in [
        (0, None, Decision::Send),
        (0, Some(2), no(Reason::FrequencyCap)),
        (4, Some(2), no(Reason::FrequencyCap)),
        (2, Some(9), no(Reason::FrequencyCap)),
        (4, Some(3), Decision::Send),
    ] {
        terms.caps = Caps { per_7_days: brand, ..NO_CAPS };
        to.weekly_limit = own;
        assert_eq!(decide(&terms, &to, noon()), expected, "{brand} {own:?}");
    }
}

#[test]
fn what_would_be_deferred_past_the_offers_end_ends_now() {
    let mut terms = terms(Channel::WechatSubscribe);
    terms.on_cap = OnCap::Defer;
    terms.caps = Caps { per_24_hours: 1, ..NO_CAPS };
    let mut to = recipient(Shanghai);
    terms.offer_ends_at = Some(noon() + Duration::hours(2));
    to.paused_until = Some(noon() + Duration::hours(2));
    assert_eq!(decide(&terms, &to, noon()), no(Reason::OfferEnded));
    to.paused_until = Some(noon() + Duration::hours(1));
    assert_eq!(decide(&terms, &to, noon()), later("2026-03-02T05:00:00Z", Reason::PausedByMember));
    to.paused_until = None;
    to.slots = slots(&[noon()]);
    assert_eq!(decide(&terms, &to, noon()), no(Reason::FrequencyCap));
}

fn any_time() -> impl Strategy<Value = NaiveTime> {
    (0..24_u32, 0..60_u32).prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

fn any_window() -> impl Strategy<Value = Option<(NaiveTime, NaiveTime)>> {
    proptest::option::of((any_time(), any_time()).prop_filter("not empty", |(start, end)| start != end))
}

fn any_zone() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        Shanghai,
        Berlin,
        chrono_tz::America::New_York,
        chrono_tz::Asia::Kolkata,
        chrono_tz::Australia::Lord_Howe,
        chrono_tz::Pacific::Chatham,
    ])
}

/// Around the year, often near a change of Berlin's clocks.
fn any_now() -> impl Strategy<Value = DateTime<Utc>> {
    let year = 1_767_225_600_i64..1_798_761_600;
    let spring = 1_774_656_000_i64..1_774_836_000;
    let autumn = 1_792_800_000_i64..1_792_980_000;
    prop_oneof![year, spring, autumn].prop_map(|second| Utc.timestamp_opt(second, 0).unwrap())
}

/// By the clock on the wall, the plain way.
fn covers((start, end): (NaiveTime, NaiveTime), zone: Tz, at: DateTime<Utc>) -> bool {
    let time = calendar::local_time(at, zone);
    if start < end { start <= time && time < end } else { time >= start || time < end }
}

proptest! {
    #[test]
    fn a_window_is_told_by_the_wall_clock_and_ends_outside_of_itself(
        window in any_window(), zone in any_zone(), now in any_now(),
    ) {
        let Some(window) = window else { return Ok(()) };
        match window_end(window, zone, now) {
            None => prop_assert!(!covers(window, zone, now)),
            Some(end) => {
                prop_assert!(covers(window, zone, now));
                prop_assert!(end > now && end - now <= Duration::hours(25));
                // It may come to cover the hour that a change of the clock repeats, but never ends where it began.
                prop_assert!(window_end(window, zone, end).is_none_or(|again| again > end));
            }
        }
    }

    #[test]
    fn a_deferral_never_lands_in_a_closed_window_and_what_is_sent_is_in_none(
        brand in any_window(), own in any_window(), zone in any_zone(), now in any_now(),
        taken in proptest::collection::vec(-10..800_i64, 0..6), caps in (0..3_u32, 0..5_u32, 0..3_u32),
        sms in any::<bool>(), pause in proptest::option::of(0..200_i64),
    ) {
        let mut terms = terms(if sms { Channel::Sms } else { Channel::WechatSubscribe });
        terms.quiet = brand;
        terms.shop_zone = zone;
        terms.on_cap = OnCap::Defer;
        terms.caps = Caps { per_24_hours: caps.0, per_7_days: caps.1, per_calendar_day: caps.2 };
        let mut to = recipient(zone);
        to.quiet = own;
        to.paused_until = pause.map(|hours| now + Duration::hours(hours));
        to.slots =
            taken.iter().map(|quarters| slot(now - Duration::minutes(15 * quarters), Channel::Sms, "offers")).collect();
        let windows: Vec<_> = [brand, own, sms.then(|| (time("22:00"), time("08:00")))].into_iter().flatten().collect();
        match decide(&terms, &to, now) {
            Decision::Send => prop_assert!(windows.iter().all(|window| !covers(*window, zone, now))),
            Decision::Defer { until, .. } => {
                prop_assert!(until > now);
                prop_assert_eq!(decide(&terms, &to, until), Decision::Send);
            }
            Decision::Suppress(reason) => prop_assert!(windows.len() > 1, "{:?}", reason),
        }
    }

    /// A clock that is set back in between included: no window of any cap ever holds more than allowed.
    #[test]
    fn no_order_of_sends_and_clock_changes_exceeds_a_cap(
        steps in proptest::collection::vec((-3_000..6_000_i64, 1..4_u8), 1..60),
        per_24_hours in 1..4_u32, per_7_days in 2..7_u32, per_calendar_day in 1..4_u32,
    ) {
        let mut terms = terms(Channel::Inbox);
        terms.caps = Caps { per_24_hours, per_7_days, per_calendar_day };
        let mut to = recipient(Berlin);
        let mut now = at("2026-03-27T12:00:00Z");
        for (minutes, tries) in steps {
            now += Duration::minutes(minutes);
            for _ in 0..tries {
                if decide(&terms, &to, now) == Decision::Send {
                    to.slots.push(slot(now, Channel::Inbox, "offers"));
                }
            }
        }
        let times: Vec<_> = to.slots.iter().map(|slot| slot.at).collect();
        for slot in &times {
            let within = |window: Duration| {
                times.iter().filter(|other| *other <= slot && **other > *slot - window).count()
            };
            let day = |at: &DateTime<Utc>| calendar::local_date(*at, Berlin);
            let same_day = times.iter().filter(|other| day(other) == day(slot)).count();
            prop_assert!(within(Duration::hours(24)) <= per_24_hours as usize);
            prop_assert!(within(Duration::days(7)) <= per_7_days as usize);
            prop_assert!(same_day <= per_calendar_day as usize);
        }
    }
}
