//! How many marketing messages a member gets: the brand's rule over all, its rules by class, topic and channel, the member's own
//! wishes. The strictest wins. Pure.

use chrono::{DateTime, Days, Duration, Utc};
use chrono_tz::Tz;
use entity::states::Channel;

use super::facts::{Recipient, Terms};
use crate::calendar;
use crate::policy::Caps;

const DAY: Duration = Duration::hours(24);
const WEEK: Duration = Duration::days(7);

/// A cap slot that a marketing message took. Channel and topic are those of the time: a campaign that is edited later does
/// not change what was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub at: DateTime<Utc>,
    pub channel: Channel,
    pub topic: String,
}

/// One rule and the slots that count for it.
struct Limit<'a> {
    topic: Option<&'a str>,
    channel: Option<Channel>,
    caps: Caps,
}

/// When every rule for a message on `channel` has a free slot; `now` or earlier when each has one. A rolling window frees when
/// its oldest slot that matters is old enough, the calendar day at the member's next midnight.
pub fn free_at(terms: &Terms, channel: Channel, recipient: &Recipient, now: DateTime<Utc>) -> DateTime<Utc> {
    let free = limits(terms, channel, recipient).map(|limit| limit.free_at(recipient, now)).max();
    free.unwrap_or(now)
}

/// The numbers behind the decision, e.g. `over all: 2 of 2 in 24 hours; sms: 0 of 1 in 7 days`.
pub fn saw(terms: &Terms, channel: Channel, recipient: &Recipient, now: DateTime<Utc>) -> String {
    let lines: Vec<_> =
        limits(terms, channel, recipient).filter_map(|limit| limit.saw(recipient, now)).collect();
    if lines.is_empty() { "no cap".to_owned() } else { lines.join("; ") }
}

fn limits<'a>(
    terms: &'a Terms,
    channel: Channel,
    recipient: &'a Recipient,
) -> impl Iterator<Item = Limit<'a>> {
    let brand = terms
        .cap_rules
        .iter()
        .filter(move |rule| {
            rule.class.is_none_or(|class| class == terms.class)
                && rule.channel.is_none_or(|only| only == channel)
                && rule.topic.as_ref().is_none_or(|topic| *topic == terms.topic)
        })
        .map(|rule| Limit { topic: rule.topic.as_deref(), channel: rule.channel, caps: rule.caps() });
    let weekly = |per_7_days| Caps { per_24_hours: 0, per_7_days, per_calendar_day: 0 };
    let own = recipient.weekly_limit.map(|limit| Limit { topic: None, channel: None, caps: weekly(limit) });
    let own_here = recipient.channel_limits.iter().filter(move |(only, _)| *only == channel);
    let own_here =
        own_here.map(move |(_, limit)| Limit { topic: None, channel: Some(channel), caps: weekly(*limit) });
    std::iter::once(Limit { topic: None, channel: None, caps: terms.caps })
        .chain(brand)
        .chain(own)
        .chain(own_here)
}

impl Limit<'_> {
    fn slots<'r>(&self, recipient: &'r Recipient) -> impl Iterator<Item = DateTime<Utc>> + use<'r, '_> {
        let (topic, channel) = (self.topic, self.channel);
        let counts = move |slot: &&Slot| {
            channel.is_none_or(|only| only == slot.channel) && topic.is_none_or(|only| only == slot.topic)
        };
        recipient.slots.iter().filter(counts).map(|slot| slot.at)
    }

    fn free_at(&self, recipient: &Recipient, now: DateTime<Utc>) -> DateTime<Utc> {
        let day = self.rolling_free_at(recipient, self.caps.per_24_hours, DAY, now);
        let week = self.rolling_free_at(recipient, self.caps.per_7_days, WEEK, now);
        let full = self.caps.per_calendar_day > 0
            && self.today(recipient, now) >= self.caps.per_calendar_day as usize;
        let today = calendar::local_date(now, recipient.zone);
        let midnight = if full { calendar::start_of_day(today + Days::new(1), recipient.zone) } else { now };
        day.max(week).max(midnight)
    }

    /// A slot in the future (the clock was set back) still counts.
    fn rolling_free_at(
        &self,
        recipient: &Recipient,
        cap: u32,
        window: Duration,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        if cap == 0 {
            return now;
        }
        let mut held: Vec<_> = self.slots(recipient).filter(|slot| *slot > now - window).collect();
        held.sort_unstable_by(|a, b| b.cmp(a));
        held.get(cap as usize - 1).map_or(now, |nth_newest| *nth_newest + window)
    }

    fn today(&self, recipient: &Recipient, now: DateTime<Utc>) -> usize {
        let date = |at: DateTime<Utc>, zone: Tz| calendar::local_date(at, zone);
        let today = date(now, recipient.zone);
        self.slots(recipient).filter(|slot| date(*slot, recipient.zone) == today).count()
    }

    fn saw(&self, recipient: &Recipient, now: DateTime<Utc>) -> Option<String> {
        let within = |window| self.slots(recipient).filter(|slot| *slot > now - window).count();
        let Caps { per_24_hours, per_7_days, per_calendar_day } = self.caps;
        let mut parts = Vec::new();
        if per_24_hours > 0 {
            parts.push(format!("{} of {per_24_hours} in 24 hours", within(DAY)));
        }
        if per_7_days > 0 {
            parts.push(format!("{} of {per_7_days} in 7 days", within(WEEK)));
        }
        if per_calendar_day > 0 {
            parts.push(format!("{} of {per_calendar_day} today", self.today(recipient, now)));
        }
        (!parts.is_empty()).then(|| format!("{}: {}", self.name(), parts.join(", ")))
    }

    fn name(&self) -> String {
        let names: Vec<_> = self.channel.iter().map(|channel| channel.as_str()).chain(self.topic).collect();
        if names.is_empty() { "over all".to_owned() } else { names.join(" ") }
    }
}
