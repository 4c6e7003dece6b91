//! Whether a message goes out to one member now, and on which channel. Pure: facts and `now` in, a decision out.
//!
//! The gates stand in a fixed order, and the first that does not pass decides: membership, opt-out, channel, pause, marketing
//! consent, address and subscription consent, the offer's end, quiet hours, frequency cap. Where a campaign has a fall-back and
//! the reason is one of the channel, the next channel is asked instead; a reason of the member ends it. [`gates`] tells what
//! each saw.

use chrono::{DateTime, Duration, Utc};
use entity::states::{Channel, MessageClass, OnCap};

pub use super::caps::Slot;
use super::facts::{Recipient, Step, Terms};
pub use super::quiet::window_end;
use super::reason::Reason;
use super::{caps, quiet};
use crate::calendar;

/// How long a message waits for a channel that has vanished from the settings.
const NOT_CONFIGURED: Duration = Duration::minutes(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Send,
    Suppress(Reason),
    Defer { until: DateTime<Utc>, reason: Reason },
}

/// The decision and the step of the fall-back order that it is about (0: the campaign's channel).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub step: usize,
    pub decision: Decision,
}

/// One gate and what it decided, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    pub step: usize,
    pub channel: Channel,
    pub name: &'static str,
    /// None when the gate lets the message pass.
    pub stopped: Option<Decision>,
    /// What it looked at, e.g. `over all: 2 of 2 in 24 hours`.
    pub saw: String,
}

/// What happens to the member now; [`choose`] tells the channel as well.
pub fn decide(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Decision {
    choose(terms, recipient, 0, now).decision
}

/// The first step from `from` on that is open, or the one that ends it.
pub fn choose(terms: &Terms, recipient: &Recipient, from: usize, now: DateTime<Utc>) -> Choice {
    let last = terms.steps.len().saturating_sub(1);
    let mut step = from.min(last);
    loop {
        let Some(ask) = Ask::of(terms, recipient, step, now) else {
            return Choice { step, decision: Decision::Suppress(Reason::NoAddress) };
        };
        let Some((name, decision)) = ask.first_stop() else {
            return Choice { step, decision: Decision::Send };
        };
        if step == last || !moves_on(terms, name, decision) {
            return Choice { step, decision };
        }
        step += 1;
    }
}

/// Every gate with what it saw, of each step up to the one that decides.
pub fn gates(terms: &Terms, recipient: &Recipient, now: DateTime<Utc>) -> Vec<Gate> {
    let chosen = choose(terms, recipient, 0, now).step;
    (0..=chosen).filter_map(|step| Ask::of(terms, recipient, step, now)).flat_map(Ask::all).collect()
}

/// The gates from step `from` up to the one that decides: what was true at a decision, without what it never looked at.
pub fn asked(terms: &Terms, recipient: &Recipient, from: usize, now: DateTime<Utc>) -> Vec<Gate> {
    let chosen = choose(terms, recipient, from, now).step;
    let steps = (from.min(chosen)..=chosen).filter_map(|step| Ask::of(terms, recipient, step, now));
    steps.flat_map(Ask::up_to_the_stop).collect()
}

/// A reason of the channel sends the message on to the next one; a reason of the member, or a wait, does not.
fn moves_on(terms: &Terms, gate: &str, decision: Decision) -> bool {
    match gate {
        "channel" | "marketing_consent" | "address_and_consent" => true,
        // Hours that leave no time before the offer's end.
        "quiet_hours" => matches!(decision, Decision::Suppress(_)),
        "frequency_cap" => terms.on_cap == OnCap::NextChannel,
        _ => false,
    }
}

/// What one gate is asked.
#[derive(Clone, Copy)]
struct Ask<'a> {
    terms: &'a Terms,
    index: usize,
    step: &'a Step,
    recipient: &'a Recipient,
    now: DateTime<Utc>,
}

type GateRule = fn(&Ask<'_>) -> Option<Decision>;

const GATES: [(&str, GateRule); 9] = [
    ("membership", membership),
    ("opt_out", opt_out),
    ("channel", channel),
    ("pause", pause),
    ("marketing_consent", marketing_consent),
    ("address_and_consent", address_and_consent),
    ("offer", offer),
    ("quiet_hours", quiet_hours),
    ("frequency_cap", frequency_cap),
];

/// The gates that open with time.
const TIMED: [GateRule; 3] = [pause, quiet_hours, frequency_cap];

impl<'a> Ask<'a> {
    fn of(terms: &'a Terms, recipient: &'a Recipient, index: usize, now: DateTime<Utc>) -> Option<Self> {
        Some(Self { terms, index, step: terms.steps.get(index)?, recipient, now })
    }

    fn first_stop(&self) -> Option<(&'static str, Decision)> {
        let stopped = GATES.iter().find_map(|(name, gate)| Some((*name, gate(self)?)));
        stopped.map(|(name, decision)| (name, self.when_open(decision)))
    }

    fn all(self) -> Vec<Gate> {
        GATES.iter().map(|(name, gate)| self.gate(name, *gate)).collect()
    }

    fn up_to_the_stop(self) -> Vec<Gate> {
        let mut asked = Vec::new();
        for (name, gate) in GATES {
            asked.push(self.gate(name, gate));
            if asked.last().is_some_and(|gate| gate.stopped.is_some()) {
                break;
            }
        }
        asked
    }

    fn gate(&self, name: &'static str, gate: GateRule) -> Gate {
        Gate {
            step: self.index,
            channel: self.step.channel,
            name,
            stopped: gate(self).map(|stopped| self.when_open(stopped)),
            saw: self.saw(name),
        }
    }

    /// A deferral ends when every gate that opens with time is open, so that the message is not looked at in vain; what
    /// would be deferred past the end of its offer is not worth sending any more.
    fn when_open(&self, stopped: Decision) -> Decision {
        let Decision::Defer { until, reason } = stopped else { return stopped };
        match self.open_from(until) {
            Some(until) if self.terms.offer_ends_at.is_none_or(|end| until < end) => {
                Decision::Defer { until, reason }
            }
            Some(_) if !reason.is_about_slots() => Decision::Suppress(Reason::OfferEnded),
            _ => Decision::Suppress(reason),
        }
    }

    /// The first instant from `at` on at which pause, quiet hours and (where it defers) the cap let the message pass; None
    /// when the windows leave no such instant.
    fn open_from(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        const ROUNDS: usize = 50;
        let mut then = Self { now: at, ..*self };
        for _ in 0..ROUNDS {
            let stopped = TIMED.iter().find_map(|gate| match gate(&then) {
                Some(Decision::Defer { until, .. }) => Some(until),
                _ => None,
            });
            match stopped {
                Some(until) => then.now = until,
                None => {
                    return quiet::opens_at(self.terms, self.step.channel, self.recipient, then.now);
                }
            }
        }
        None
    }

    fn marketing(&self) -> bool {
        self.terms.class == MessageClass::Marketing
    }

    fn opted_out_of(&self, channel: &str) -> bool {
        let refused = |(no_channel, no_topic): &(String, String)| {
            no_channel == channel && (no_topic == "all" || *no_topic == self.terms.topic)
        };
        self.recipient.opt_outs.iter().any(refused)
    }

    fn consents(&self) -> i32 {
        let template = self.step.template_id.as_deref().unwrap_or_default();
        self.recipient.consents.get(template).copied().unwrap_or_default()
    }

    fn saw(&self, gate: &str) -> String {
        let Self { terms, step, recipient, now, .. } = *self;
        if !self.marketing() && EXEMPT.contains(&gate) {
            return "exempt: transactional".to_owned();
        }
        match gate {
            "membership" => (if recipient.active { "active" } else { "not active" }).to_owned(),
            "opt_out" => {
                format!("{} opt-outs, personalised {}", recipient.opt_outs.len(), recipient.personalised)
            }
            "channel" => {
                let refused = if self.marketing() && self.opted_out_of(step.channel.as_str()) {
                    ", opted out"
                } else {
                    ""
                };
                let known = if step.configured { "" } else { ", not configured" };
                format!("{}{known}{refused}", step.channel.as_str())
            }
            "pause" => recipient.paused_until.map_or_else(|| "none".to_owned(), |until| until.to_rfc3339()),
            "marketing_consent" => recipient.marketing_consent.to_string(),
            "address_and_consent" => {
                let address = recipient.address(step.channel).is_some();
                format!("address {address}, {} consents left", self.consents())
            }
            "offer" => terms
                .offer_ends_at
                .map_or_else(|| "no end".to_owned(), |end| format!("ends {}", end.to_rfc3339())),
            "quiet_hours" if step.channel == Channel::Inbox => "exempt: inbox".to_owned(),
            "quiet_hours" => {
                format!("{} in {}", calendar::local_time(now, recipient.zone).format("%H:%M"), recipient.zone)
            }
            _ => caps::saw(terms, step.channel, recipient, now),
        }
    }
}

/// Rules for marketing that a transactional message passes by.
const EXEMPT: [&str; 5] = ["opt_out", "pause", "marketing_consent", "quiet_hours", "frequency_cap"];

fn membership(ask: &Ask<'_>) -> Option<Decision> {
    (!ask.recipient.active).then_some(Decision::Suppress(Reason::MemberInactive))
}

/// A no to every channel, for this topic or all.
fn opt_out(ask: &Ask<'_>) -> Option<Decision> {
    if !ask.marketing() {
        return None;
    }
    if ask.opted_out_of("all") {
        return Some(Decision::Suppress(Reason::OptedOut));
    }
    (ask.terms.personalised && !ask.recipient.personalised)
        .then_some(Decision::Suppress(Reason::NotPersonalised))
}

/// A no to this channel, or a channel that cannot be used now.
fn channel(ask: &Ask<'_>) -> Option<Decision> {
    if ask.marketing() && ask.opted_out_of(ask.step.channel.as_str()) {
        return Some(Decision::Suppress(Reason::OptedOut));
    }
    let until = ask.now + NOT_CONFIGURED;
    (!ask.step.configured).then_some(Decision::Defer { until, reason: Reason::ChannelNotConfigured })
}

fn pause(ask: &Ask<'_>) -> Option<Decision> {
    if !ask.marketing() {
        return None;
    }
    let until = ask.recipient.paused_until.filter(|until| *until > ask.now)?;
    Some(Decision::Defer { until, reason: Reason::PausedByMember })
}

/// Marketing by SMS needs the member's yes (Advertising Law, article 43); a subscribe message carries its own.
fn marketing_consent(ask: &Ask<'_>) -> Option<Decision> {
    let needed = ask.step.channel == Channel::Sms && ask.marketing();
    (needed && !ask.recipient.marketing_consent).then_some(Decision::Suppress(Reason::NoMarketingConsent))
}

fn address_and_consent(ask: &Ask<'_>) -> Option<Decision> {
    match ask.step.channel {
        Channel::Inbox => None,
        channel if ask.recipient.address(channel).is_none() => Some(Decision::Suppress(Reason::NoAddress)),
        Channel::WechatSubscribe if ask.consents() < 1 => Some(Decision::Suppress(Reason::NoConsent)),
        _ => None,
    }
}

fn offer(ask: &Ask<'_>) -> Option<Decision> {
    let ended = ask.terms.offer_ends_at.is_some_and(|end| end <= ask.now);
    ended.then_some(Decision::Suppress(Reason::OfferEnded))
}

fn quiet_hours(ask: &Ask<'_>) -> Option<Decision> {
    match quiet::opens_at(ask.terms, ask.step.channel, ask.recipient, ask.now) {
        Some(until) if until > ask.now => Some(Decision::Defer { until, reason: Reason::QuietHours }),
        Some(_) => None,
        None => Some(Decision::Suppress(Reason::QuietHours)),
    }
}

fn frequency_cap(ask: &Ask<'_>) -> Option<Decision> {
    if !ask.marketing() {
        return None;
    }
    let until = caps::free_at(ask.terms, ask.step.channel, ask.recipient, ask.now);
    if until <= ask.now {
        return None;
    }
    Some(match ask.terms.on_cap {
        OnCap::Drop | OnCap::NextChannel => Decision::Suppress(Reason::FrequencyCap),
        OnCap::Defer => Decision::Defer { until, reason: Reason::FrequencyCap },
    })
}

/// A wait that something else than a gate asks for, until the gates are open too.
pub fn wait(
    terms: &Terms,
    recipient: &Recipient,
    step: usize,
    (until, reason, now): (DateTime<Utc>, Reason, DateTime<Utc>),
) -> Decision {
    let defer = Decision::Defer { until, reason };
    Ask::of(terms, recipient, step, now).map_or(defer, |ask| ask.when_open(defer))
}
