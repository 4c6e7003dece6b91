//! Whether a message goes out to one member now. Pure: facts and `now` in, a decision out.
//!
//! The gates stand in a fixed order: membership, opt-out, consent, the offer's end, quiet hours, frequency cap. The
//! first that does not pass decides; [`gates`] tells what each saw.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::states::{Channel, MessageClass, OnCap};

use super::facts::{Recipient, Terms};
use super::reason::Reason;
use crate::calendar;

/// Commercial SMS may go out between 08:00 and 22:00 only: Tencent Cloud's limit for marketing templates
/// (FailedOperation.MarketingSendTimeConstraint).
const SMS_WALL: Window = (hour(22), hour(8));

const fn hour(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Send,
    Suppress(Reason),
    Defer { until: DateTime<Utc>, reason: Reason },
}

/// One gate and what it decided, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    pub name: &'static str,
    /// None when the gate lets the message pass.
    pub stopped: Option<Decision>,
    /// What it looked at, e.g. `2 of 2 in 24 hours`.
    pub saw: String,
}

/// The first gate that stops the message decides.
pub fn decide(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Decision {
    GATES
        .iter()
        .find_map(|(_, gate)| gate(terms, recipient, now))
        .map_or(Decision::Send, |stopped| when_open(terms, recipient, stopped))
}

/// Every gate with what it saw.
pub fn gates(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Vec<Gate> {
    GATES
        .iter()
        .map(|(name, gate)| Gate {
            name,
            stopped: gate(terms, recipient, now).map(|stopped| when_open(terms, recipient, stopped)),
            saw: saw(name, terms, recipient, now),
        })
        .collect()
}

type GateRule = fn(&Terms, &Recipient, DateTime<Utc>) -> Option<Decision>;

const GATES: [(&str, GateRule); 8] = [
    ("membership", membership),
    ("opt_out", opt_out),
    ("pause", pause),
    ("marketing_consent", marketing_consent),
    ("address_and_consent", address_and_consent),
    ("offer", offer),
    ("quiet_hours", quiet_hours),
    ("frequency_cap", frequency_cap),
];

/// A deferral ends when every gate that opens with time is open, so that the message is not looked at in vain; what would
/// be deferred past the end of its offer is not worth sending any more.
fn when_open(terms: &Terms, recipient: &Recipient, stopped: Decision) -> Decision {
    let Decision::Defer { until, reason } = stopped else { return stopped };
    match open_from(terms, recipient, until) {
        Some(until) if terms.offer_ends_at.is_none_or(|end| until < end) => Decision::Defer { until, reason },
        Some(_) if reason != Reason::FrequencyCap => Decision::Suppress(Reason::OfferEnded),
        _ => Decision::Suppress(reason),
    }
}

/// The first instant from `at` on at which pause, quiet hours and (where it defers) the cap let the message pass; None
/// when the windows leave no such instant.
fn open_from(terms: &Terms, recipient: &Recipient, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    const ROUNDS: usize = 50;
    let mut at = at;
    for _ in 0..ROUNDS {
        let stopped = TIMED.iter().find_map(|gate| match gate(terms, recipient, at) {
            Some(Decision::Defer { until, .. }) => Some(until),
            _ => None,
        });
        match stopped {
            Some(until) => at = until,
            None => return free_at(&windows(terms, recipient), recipient.zone, at),
        }
    }
    None
}

/// The gates that open with time.
const TIMED: [GateRule; 3] = [pause, quiet_hours, frequency_cap];

fn membership(_: &Terms, recipient: &Recipient, _: DateTime<Utc>) -> Option<Decision> {
    (!recipient.active).then_some(Decision::Suppress(Reason::MemberInactive))
}

fn opt_out(terms: &Terms, recipient: &Recipient, _: DateTime<Utc>) -> Option<Decision> {
    if terms.class != MessageClass::Marketing {
        return None;
    }
    let refused = recipient.opt_outs.iter().any(|(channel, topic)| {
        (channel == "all" || channel == terms.channel.as_str()) && (topic == "all" || *topic == terms.topic)
    });
    if refused {
        return Some(Decision::Suppress(Reason::OptedOut));
    }
    (terms.personalised && !recipient.personalised).then_some(Decision::Suppress(Reason::NotPersonalised))
}

fn pause(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Option<Decision> {
    if terms.class != MessageClass::Marketing {
        return None;
    }
    let until = recipient.paused_until.filter(|until| *until > now)?;
    Some(Decision::Defer { until, reason: Reason::PausedByMember })
}

/// Marketing by SMS needs the member's yes (Advertising Law, article 43); a subscribe message carries its own.
fn marketing_consent(terms: &Terms, recipient: &Recipient, _: DateTime<Utc>) -> Option<Decision> {
    let needed = terms.channel == Channel::Sms && terms.class == MessageClass::Marketing;
    (needed && !recipient.marketing_consent).then_some(Decision::Suppress(Reason::NoMarketingConsent))
}

fn address_and_consent(terms: &Terms, recipient: &Recipient, _: DateTime<Utc>) -> Option<Decision> {
    match terms.channel {
        Channel::Inbox => None,
        _ if recipient.address.is_none() => Some(Decision::Suppress(Reason::NoAddress)),
        Channel::WechatSubscribe if recipient.consents < 1 => Some(Decision::Suppress(Reason::NoConsent)),
        _ => None,
    }
}

fn offer(terms: &Terms, _: &Recipient, now: DateTime<Utc>) -> Option<Decision> {
    terms.offer_ends_at.is_some_and(|end| end <= now).then_some(Decision::Suppress(Reason::OfferEnded))
}

fn quiet_hours(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Option<Decision> {
    match free_at(&windows(terms, recipient), recipient.zone, now) {
        Some(until) if until > now => Some(Decision::Defer { until, reason: Reason::QuietHours }),
        Some(_) => None,
        None => Some(Decision::Suppress(Reason::QuietHours)),
    }
}

type Window = (NaiveTime, NaiveTime);

/// The times of day in which this message does not go out: the brand's, the member's, the channel's.
fn windows(terms: &Terms, recipient: &Recipient) -> [Option<Window>; 3] {
    if terms.class != MessageClass::Marketing || terms.channel == Channel::Inbox {
        return [None; 3];
    }
    [terms.quiet, recipient.quiet, (terms.channel == Channel::Sms).then_some(SMS_WALL)]
}

/// The first instant from `now` on that no window covers; None when together they cover the whole day. Windows may touch, so
/// each is asked again after another moved the time.
fn free_at(windows: &[Option<Window>], zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut at = now;
    while at - now <= Duration::days(3) {
        let covered = windows.iter().flatten().find_map(|window| window_end(*window, zone, at));
        match covered {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    None
}

/// When the window that covers `at` ends; None when it does not cover it. Start after end wraps across midnight.
pub fn window_end((start, end): Window, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let date = calendar::local_date(at, zone);
    let time = calendar::local_time(at, zone);
    let wraps = start > end;
    let inside = if wraps { time >= start || time < end } else { time >= start && time < end };
    if !inside {
        return None;
    }
    let last_day = if wraps && time >= start { date + Days::new(1) } else { date };
    let ends = calendar::instant(last_day.and_time(end), zone);
    // An hour that a clock change repeats is quiet both times: the wall clock's end may already lie behind.
    Some(if ends > at { ends } else { ends + Duration::hours(1) })
}

fn frequency_cap(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Option<Decision> {
    if terms.class != MessageClass::Marketing {
        return None;
    }
    let until = cap_free_at(terms, recipient, now);
    if until <= now {
        return None;
    }
    Some(match terms.on_cap {
        OnCap::Drop | OnCap::NextChannel => Decision::Suppress(Reason::FrequencyCap),
        OnCap::Defer => Decision::Defer { until, reason: Reason::FrequencyCap },
    })
}

/// When every window has a free slot. A rolling window frees when the newest `cap` of its messages have lost one to age;
/// the calendar day frees at the member's next midnight.
fn cap_free_at(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> DateTime<Utc> {
    let weekly =
        recipient.weekly_limit.map_or(terms.caps.per_7_days, |own| stricter(own, terms.caps.per_7_days));
    let day = rolling_free_at(&recipient.slots, terms.caps.per_24_hours, Duration::hours(24), now);
    let week = rolling_free_at(&recipient.slots, weekly, Duration::days(7), now);
    let today = calendar::local_date(now, recipient.zone);
    let sent_today =
        recipient.slots.iter().filter(|slot| calendar::local_date(**slot, recipient.zone) == today).count();
    let calendar_full = terms.caps.per_calendar_day > 0 && sent_today >= terms.caps.per_calendar_day as usize;
    let midnight =
        if calendar_full { calendar::start_of_day(today + Days::new(1), recipient.zone) } else { now };
    day.max(week).max(midnight)
}

/// `own` is the member's wish and may be 0 (none at all); `brand` 0 is no cap. A wish of 0 is kept as an opt-out, so 0 here is no cap.
fn stricter(own: u32, brand: u32) -> u32 {
    match (own, brand) {
        (0, brand) => brand,
        (own, 0) => own,
        (own, brand) => own.min(brand),
    }
}

fn rolling_free_at(slots: &[DateTime<Utc>], cap: u32, window: Duration, now: DateTime<Utc>) -> DateTime<Utc> {
    if cap == 0 {
        return now;
    }
    // A slot in the future (the clock was set back) still counts.
    let mut held: Vec<_> = slots.iter().copied().filter(|slot| *slot > now - window).collect();
    held.sort_unstable_by(|a, b| b.cmp(a));
    held.get(cap as usize - 1).map_or(now, |nth_newest| *nth_newest + window)
}

fn saw(gate: &str, terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> String {
    let within = |window: Duration| recipient.slots.iter().filter(|slot| **slot > now - window).count();
    match gate {
        "membership" => (if recipient.active { "active" } else { "not active" }).to_owned(),
        "opt_out" => {
            format!("{} opt-outs, personalised {}", recipient.opt_outs.len(), recipient.personalised)
        }
        "pause" => recipient.paused_until.map_or_else(|| "none".to_owned(), |until| until.to_rfc3339()),
        "marketing_consent" => recipient.marketing_consent.to_string(),
        "address_and_consent" => {
            format!("address {}, {} consents left", recipient.address.is_some(), recipient.consents)
        }
        "offer" => terms
            .offer_ends_at
            .map_or_else(|| "no end".to_owned(), |end| format!("ends {}", end.to_rfc3339())),
        "quiet_hours" => {
            format!("{} in {}", calendar::local_time(now, recipient.zone).format("%H:%M"), recipient.zone)
        }
        _ => format!(
            "{} in 24 hours (cap {}), {} in 7 days (cap {})",
            within(Duration::hours(24)),
            terms.caps.per_24_hours,
            within(Duration::days(7)),
            terms.caps.per_7_days
        ),
    }
}
