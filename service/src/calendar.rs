//! Days and times of day in an IANA zone: midnight, the end of a day, a time that a daylight-saving change skips.

use chrono::{DateTime, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

pub fn local_date(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

pub fn local_time(at: DateTime<Utc>, zone: Tz) -> NaiveTime {
    at.with_timezone(&zone).time()
}

/// The instant of a wall-clock time; the earlier one where it happens twice, the first that exists where it is skipped.
pub fn instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let mut local = local;
    loop {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return at.with_timezone(&Utc),
            LocalResult::None => local += Duration::minutes(15),
        }
    }
}

pub fn start_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant(date.and_time(NaiveTime::MIN), zone)
}

/// 23:59:59 of a day, the last second in which something that ends "on that day" is still good.
pub fn end_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let next = date.succ_opt().unwrap_or(date);
    start_of_day(next, zone) - Duration::seconds(1)
}
