//! Which supplier is asked, and when one is left out. Pure: values and `now` in, a decision out.

use std::cmp::Ordering;

use chrono::{DateTime, Duration, Utc};
use platform::sms::SmsTrouble;

use crate::crypto;

/// The suppliers in the order in which a message asks them: first by a hash that gives each its share, then the others by the same
/// rule (rendezvous hashing).
pub fn order(key: &str, suppliers: &[(&'static str, u32)]) -> Vec<&'static str> {
    let mut scored: Vec<_> = suppliers
        .iter()
        .filter(|(_, weight)| *weight > 0)
        .map(|(name, weight)| (score(key, name, *weight), *name))
        .collect();
    scored.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Exponentially distributed with the weight as its rate: the least of several is each one's in proportion to its weight.
fn score(key: &str, name: &str, weight: u32) -> f64 {
    let hash = crypto::hmac_sha256(name.as_bytes(), key.as_bytes());
    let (first, _) = hash.split_at(4);
    let drawn = u32::from_be_bytes(first.try_into().unwrap_or_default());
    let evenly = (f64::from(drawn) + 1.0) / (f64::from(u32::MAX) + 2.0);
    -evenly.ln() / f64::from(weight)
}

/// How a supplier stands. `generation` grows each time it comes back, so that what was counted before no longer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    Closed {
        generation: u64,
    },
    /// Left out; from `probe_at` on one message may try it.
    Open {
        generation: u64,
        probe_at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Use,
    /// Whoever first makes the breaker this may try it.
    Probe(Breaker),
    LeaveOut {
        until: DateTime<Utc>,
    },
}

impl Breaker {
    pub const NEW: Self = Self::Closed { generation: 0 };

    pub fn generation(self) -> u64 {
        match self {
            Self::Closed { generation } | Self::Open { generation, .. } => generation,
        }
    }

    pub fn admits(self, now: DateTime<Utc>, probe_every: Duration) -> Admission {
        match self {
            Self::Closed { .. } => Admission::Use,
            Self::Open { probe_at, .. } if now < probe_at => Admission::LeaveOut { until: probe_at },
            Self::Open { generation, .. } => {
                Admission::Probe(Self::Open { generation, probe_at: now + probe_every })
            }
        }
    }

    /// Too many failures.
    pub fn opened(self, now: DateTime<Utc>, probe_every: Duration) -> Self {
        Self::Open { generation: self.generation(), probe_at: now + probe_every }
    }

    /// A probe succeeded.
    pub fn closed(self) -> Self {
        Self::Closed { generation: self.generation() + 1 }
    }

    pub fn text(self) -> String {
        match self {
            Self::Closed { generation } => format!("closed {generation}"),
            Self::Open { generation, probe_at } => {
                format!("open {generation} {}", probe_at.timestamp_millis())
            }
        }
    }

    /// What can't be read stands for a fresh start.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(' ');
        let word = parts.next();
        let generation = parts.next().and_then(|part| part.parse().ok()).unwrap_or_default();
        let probe_at = parts.next().and_then(|part| DateTime::from_timestamp_millis(part.parse().ok()?));
        match (word, probe_at) {
            (Some("open"), Some(probe_at)) => Self::Open { generation, probe_at },
            _ => Self::Closed { generation },
        }
    }
}

/// Whether another supplier is asked after this answer.
pub fn goes_on(trouble: SmsTrouble) -> bool {
    matches!(trouble, SmsTrouble::Supplier | SmsTrouble::Template)
}

/// Whether this answer counts against the supplier. A throttle does not: it rests by itself.
pub fn is_failure(trouble: SmsTrouble, throttled: bool) -> bool {
    matches!(trouble, SmsTrouble::Supplier | SmsTrouble::Unheard) && !throttled
}

/// Of two refusals of one message the one that decides how it goes on: what may pass by itself before what a person must mend.
pub fn milder(a: platform::Error, b: platform::Error) -> platform::Error {
    if severity(&b) < severity(&a) { b } else { a }
}

fn severity(error: &platform::Error) -> u8 {
    let trouble = platform::sms::trouble(error);
    match error.class {
        platform::Class::Unknown => 0,
        _ if trouble == SmsTrouble::Template => 4,
        _ if platform::sms::is_account(error) => 3,
        platform::Class::Throttled => 1,
        _ => 2,
    }
}
