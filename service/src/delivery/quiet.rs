//! The times of day in which a message does not go out. Pure.
//!
//! Each window is read on a wall clock of an IANA zone, so that it keeps its hours over a change of the clock. The inbox has none: it
//! makes no noise.

use chrono::{DateTime, Days, Duration, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::states::{Channel, MessageClass};

use super::facts::{Recipient, Terms};
use crate::calendar;

/// Commercial SMS may go out between 08:00 and 22:00 only: Tencent Cloud's limit for marketing templates
/// (FailedOperation.MarketingSendTimeConstraint). Held on the shop's clock and on the member's own.
const SMS_WALL: Window = (hour(22), hour(8));

/// Start and end; start after end wraps across midnight.
pub type Window = (NaiveTime, NaiveTime);

/// A window and the zone on whose clock it is read.
type Zoned = (Window, Tz);

const fn hour(hour: u32) -> NaiveTime {
    match NaiveTime::from_hms_opt(hour, 0, 0) {
        Some(time) => time,
        None => NaiveTime::MIN,
    }
}

/// The first instant from `now` on at which a message on `channel` may go out; None when the windows leave none.
pub fn opens_at(
    terms: &Terms,
    channel: Channel,
    recipient: &Recipient,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if terms.class != MessageClass::Marketing || channel == Channel::Inbox {
        return Some(now);
    }
    let sms = (channel == Channel::Sms).then_some(SMS_WALL);
    let here = |window: Window| (window, recipient.zone);
    free_at(
        &[
            terms.quiet.map(here),
            recipient.quiet.map(here),
            sms.map(here),
            sms.map(|wall| (wall, terms.shop_zone)),
        ],
        now,
    )
}

/// Windows may touch, so each is asked again after another moved the time.
fn free_at(windows: &[Option<Zoned>], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut at = now;
    while at - now <= Duration::days(3) {
        let covered = windows.iter().flatten().find_map(|(window, zone)| window_end(*window, *zone, at));
        match covered {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    None
}

/// When the window that covers `at` ends; None when it does not cover it.
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
