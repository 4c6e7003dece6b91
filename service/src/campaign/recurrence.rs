//! On which days a recurring campaign runs, and when on each: pure calendar arithmetic in the shop's zone.
//!
//! A time that a daylight-saving change skips runs at the first instant that exists, one that happens twice runs at the
//! earlier. A month without a day that is asked for uses its last. An occurrence is known by its day, so a day has one at most.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar;
use crate::error::{Error, FieldError};
use crate::policy;

/// By calendar, in the shop's zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    pub every: Every,
    /// `HH:MM`.
    pub at: String,
    /// Weekly: 1 (Monday) to 7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u32>,
    /// Monthly: 1 to 31; a month without that day uses its last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<u32>,
    /// The last day on which it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Day,
    Week,
    Month,
}

/// One run of a recurring campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// In the shop's zone; what makes it the only one.
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
}

impl Occurrence {
    pub fn key(&self) -> String {
        self.day.to_string()
    }
}

/// What becomes of the occurrences that are due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// The newest one, where it is not too late for it.
    pub run: Option<Occurrence>,
    pub skipped: Vec<Occurrence>,
}

/// Two days of one recurrence are never further apart: a month, and one more for the month's end.
const LOOK_AHEAD_DAYS: usize = 70;

impl Recurrence {
    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(Error::Invalid(wrong)) = policy::time_of_day("recurrence.at", &self.at) {
            errors.extend(wrong);
        }
        let (weekly, monthly) = (self.every == Every::Week, self.every == Every::Month);
        errors.extend(list_error("recurrence.weekdays", &self.weekdays, weekly, 7));
        errors.extend(list_error("recurrence.days", &self.days, monthly, 31));
        errors
    }

    /// The first occurrence later than `after`.
    pub fn next_after(&self, after: DateTime<Utc>, zone: Tz) -> Option<Occurrence> {
        let time = self.time()?;
        // One day back: a skipped time may fall on the day after its own.
        let first = calendar::local_date(after, zone).pred_opt()?;
        first
            .iter_days()
            .take(LOOK_AHEAD_DAYS)
            .take_while(|day| self.until.is_none_or(|until| *day <= until))
            .filter(|day| self.falls_on(*day))
            .map(|day| Occurrence { day, at: calendar::instant(day.and_time(time), zone) })
            .find(|occurrence| occurrence.at > after)
    }

    /// The first occurrence at or after `from`.
    pub fn first_from(&self, from: DateTime<Utc>, zone: Tz) -> Option<Occurrence> {
        self.next_after(from - Duration::microseconds(1), zone)
    }

    /// Of the occurrences from `from` to `now` only the newest runs, and only within `limit` of its time: nobody wants last
    /// week's message five times.
    pub fn catch_up(&self, from: DateTime<Utc>, now: DateTime<Utc>, limit: Duration, zone: Tz) -> CatchUp {
        let mut due = Vec::new();
        let mut next = self.first_from(from, zone);
        while let Some(occurrence) = next.filter(|occurrence| occurrence.at <= now) {
            due.push(occurrence);
            next = self.next_after(occurrence.at, zone);
        }
        let run = due.pop_if(|newest| now - newest.at <= limit);
        CatchUp { run, skipped: due }
    }

    fn time(&self) -> Option<NaiveTime> {
        policy::time_of_day("recurrence.at", &self.at).ok()
    }

    fn falls_on(&self, day: NaiveDate) -> bool {
        match self.every {
            Every::Day => true,
            Every::Week => self.weekdays.contains(&day.weekday().number_from_monday()),
            Every::Month => {
                let is_last = day.checked_add_days(Days::new(1)).is_none_or(|next| next.day() == 1);
                self.days.iter().any(|wanted| *wanted == day.day() || is_last && *wanted > day.day())
            }
        }
    }
}

fn list_error(field: &str, list: &[u32], is_needed: bool, most: u32) -> Option<FieldError> {
    let message = match (is_needed, list.is_empty()) {
        (true, true) => "is needed".to_owned(),
        (false, false) => "does not go with this kind of recurrence".to_owned(),
        _ if list.iter().any(|number| !(1..=most).contains(number)) => {
            format!("are numbers from 1 to {most}")
        }
        _ => return None,
    };
    Some(FieldError { field: field.to_owned(), message })
}
