//! The generic cell rate algorithm, once, as arithmetic.
//!
//! The state of a limit is its backlog: how much time the permits granted so far are worth at the steady rate, less the time
//! that has passed since. A permit is free while the backlog leaves room for it under the burst.
//!
//! * While the clock moves forward by `T` seconds at most `per_second * T + burst` permits are granted.
//! * Callers with a larger burst on the same limit find room that the others leave: that is how a more urgent lane always
//!   gets through, while all together stay below the rate and the largest burst. A grant is counted in whole microseconds, rounded
//!   up, so the last permit of that room may come one microsecond late, and never early.
//! * Only time that has passed wears a backlog off. A clock set back neither stops a limit nor frees anything.
//! * Everything is double-precision arithmetic on whole microseconds, which are exact until the year 2255. The script
//!   in `redis.rs` does the same operations in the same order, so both answer the same to the last bit.

use std::time::Duration;

use super::{Permits, Rate};

const MICROS_PER_SECOND: f64 = 1e6;

/// A limit that cannot grant even one burst within ten years is closed; it also keeps the sums exact.
const LONGEST_BACKLOG_MICROS: f64 = 10.0 * 365.0 * 86_400.0 * MICROS_PER_SECOND;

/// How long a caller of a closed limit should wait before it looks again.
const CLOSED_RETRY: Duration = Duration::from_secs(60);

/// How much longer than its backlog a limit is kept, in milliseconds: for clocks that stand still in tests.
pub(super) const GRACE_MILLIS: i64 = 600_000;

/// What is kept of a limit: the backlog as it stood at an instant (since 1970).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub backlog_micros: i64,
    pub at_micros: i64,
}

impl Level {
    /// `backlog:instant`, as the script writes it too.
    pub fn encode(self) -> String {
        format!("{}:{}", self.backlog_micros, self.at_micros)
    }

    pub fn decode(text: &str) -> Option<Self> {
        let (backlog, at) = text.split_once(':')?;
        Some(Self { backlog_micros: backlog.parse().ok()?, at_micros: at.parse().ok()? })
    }

    fn backlog_at(self, now: f64) -> f64 {
        (self.backlog_micros as f64 - (now - self.at_micros as f64).max(0.0)).max(0.0)
    }
}

/// The answer of [`gcra`] and the states to keep, in the order of the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub granted: u32,
    pub levels: Vec<Level>,
    pub retry_after: Duration,
}

impl Grant {
    pub(super) fn permits(&self) -> Permits {
        Permits { granted: self.granted, retry_after: self.retry_after }
    }
}

/// Grants up to `wanted` permits that all of `limits` have free at `now_micros` (since 1970), and takes them from each.
pub fn gcra(limits: &[(Option<Level>, Rate)], wanted: u32, now_micros: i64) -> Grant {
    let start = |level: &Option<Level>| level.unwrap_or(Level { backlog_micros: 0, at_micros: now_micros });
    if let Some(closed) = limits.iter().find_map(|(_, rate)| closed(*rate)) {
        let levels = limits.iter().map(|(level, _)| start(level)).collect();
        return Grant { granted: 0, levels, retry_after: closed.retry_after };
    }
    let now = now_micros as f64;
    let free = |backlog: f64, rate: &Rate| {
        (f64::from(rate.burst) - backlog * rate.per_second / MICROS_PER_SECOND).floor().max(0.0)
    };
    let backlogs: Vec<f64> = limits.iter().map(|(level, _)| start(level).backlog_at(now)).collect();
    let granted = backlogs
        .iter()
        .zip(limits)
        .fold(f64::from(wanted), |least, (backlog, (_, rate))| least.min(free(*backlog, rate)));
    let mut wait: f64 = 0.0;
    let mut levels = Vec::with_capacity(limits.len());
    for (backlog, (_, rate)) in backlogs.into_iter().zip(limits) {
        let backlog = backlog + (granted * MICROS_PER_SECOND / rate.per_second).ceil();
        if free(backlog, rate) < 1.0 {
            let next = backlog - (f64::from(rate.burst) - 1.0) * MICROS_PER_SECOND / rate.per_second;
            // At least a microsecond: who found nothing must not be told to come back at the same instant.
            wait = wait.max(next.ceil().max(1.0));
        }
        levels.push(Level { backlog_micros: backlog as i64, at_micros: now_micros });
    }
    Grant { granted: granted as u32, levels, retry_after: Duration::from_micros(wait as u64) }
}

/// The answer of a rate that never grants: zero, negative, not a number, or too slow to count.
pub(super) fn closed(rate: Rate) -> Option<Permits> {
    let open = rate.per_second.is_finite()
        && rate.per_second > 0.0
        && rate.burst > 0
        && f64::from(rate.burst) * MICROS_PER_SECOND / rate.per_second <= LONGEST_BACKLOG_MICROS;
    (!open).then_some(Permits { granted: 0, retry_after: CLOSED_RETRY })
}

/// How long the state of a limit must be kept so that forgetting it grants nothing extra.
pub(super) fn keep_for(level: Level) -> Duration {
    Duration::from_millis((level.backlog_micros / 1000).saturating_add(GRACE_MILLIS).unsigned_abs())
}
