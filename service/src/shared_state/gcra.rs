//! The generic cell rate algorithm, once, as arithmetic.
//!
//! The state of a limit is one number: the theoretical arrival time (TAT), the instant at which everything granted
//! so far would have been used up at the steady rate. What lies between now and the TAT is the backlog; a permit is
//! free while the backlog leaves room for it under the burst.
//!
//! * Over any window of `T` seconds at most `per_second * T + burst` permits are granted: the TAT moves on by the
//!   whole time that the granted permits are worth, rounded up, and never back.
//! * A clock that goes backwards sees a larger backlog, so it grants less and never more.
//! * Everything is double-precision arithmetic on whole microseconds, which are exact until the year 2255. The script
//!   in `redis.rs` does the same operations in the same order, so both answer the same to the last bit.

use std::time::Duration;

use super::{Permits, Rate};

const MICROS_PER_SECOND: f64 = 1e6;

/// A limit that cannot grant even one burst within ten years is closed; it also keeps the sums exact.
const LONGEST_BACKLOG_MICROS: f64 = 10.0 * 365.0 * 86_400.0 * MICROS_PER_SECOND;

/// How long a caller of a closed limit should wait before it looks again.
const CLOSED_RETRY: Duration = Duration::from_secs(60);

/// How much longer than its backlog a limit is kept, in milliseconds. It covers clocks that differ between processes
/// and clocks that stand still in tests, and it bounds how long a TAT from a clock gone wild can block.
pub(super) const GRACE_MILLIS: i64 = 600_000;

/// The answer of [`gcra`] and the state to keep; `tat_micros` is to be stored when `granted` is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    pub granted: u32,
    pub tat_micros: i64,
    pub retry_after: Duration,
}

impl Grant {
    pub(super) fn permits(self) -> Permits {
        Permits { granted: self.granted, retry_after: self.retry_after }
    }
}

/// Grants up to `wanted` permits at `now_micros` (since 1970). `tat_micros` is the state kept from the last grant.
pub fn gcra(tat_micros: Option<i64>, rate: Rate, wanted: u32, now_micros: i64) -> Grant {
    if let Some(closed) = closed(rate) {
        return Grant {
            granted: 0,
            tat_micros: tat_micros.unwrap_or(now_micros),
            retry_after: closed.retry_after,
        };
    }
    let (now, burst) = (now_micros as f64, f64::from(rate.burst));
    let free = |tat: f64| (burst - (tat - now) * rate.per_second / MICROS_PER_SECOND).floor().max(0.0);
    let tat = tat_micros.map_or(now, |tat| now.max(tat as f64));
    let granted = free(tat).min(f64::from(wanted));
    let tat = tat + (granted * MICROS_PER_SECOND / rate.per_second).ceil();
    let next = (tat - (burst - 1.0) * MICROS_PER_SECOND / rate.per_second).ceil();
    // At least a microsecond: who found nothing must not be told to come back at the same instant.
    let wait = if free(tat) >= 1.0 { 0.0 } else { (next - now).max(1.0) };
    Grant { granted: granted as u32, tat_micros: tat as i64, retry_after: Duration::from_micros(wait as u64) }
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
pub(super) fn keep_for(tat_micros: i64, now_micros: i64) -> Duration {
    let backlog_millis = (tat_micros - now_micros).max(0) / 1000;
    Duration::from_millis(backlog_millis.saturating_add(GRACE_MILLIS).unsigned_abs())
}
