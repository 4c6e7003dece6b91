//! Beijing's clock, which the platforms' quotas, windows and timestamps follow. It has had no summer time since 1991.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use std::time::Duration;

const AHEAD_OF_UTC: TimeDelta = TimeDelta::hours(8);

pub(crate) fn local(at: DateTime<Utc>) -> NaiveDateTime {
    (at + AHEAD_OF_UTC).naive_utc()
}

pub(crate) fn utc(local: NaiveDateTime) -> DateTime<Utc> {
    (local - AHEAD_OF_UTC).and_utc()
}

/// Until the next time it is `hour` o'clock.
pub(crate) fn until_hour(now: DateTime<Utc>, hour: u32) -> Option<Duration> {
    let local = local(now);
    let today = local.date().and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
    let next = if today > local { today } else { today + TimeDelta::days(1) };
    (next - local).to_std().ok()
}
