//! A point in time as people give it: an instant, or a day of the shop.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar;

/// `2026-05-01T00:00:00+08:00`, or `2026-05-01`: as a beginning its first, as an end its last second in shop time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    At(DateTime<Utc>),
    Day(NaiveDate),
}

impl Moment {
    pub fn beginning(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Day(day) => calendar::start_of_day(day, zone),
        }
    }

    /// Ends are whole seconds, and the last second still counts.
    pub fn end(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::At(at) => at.trunc_subsecs(0),
            Self::Day(day) => calendar::end_of_day(day, zone),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::Day(day));
        }
        DateTime::parse_from_rfc3339(&text)
            .map(|at| Self::At(at.with_timezone(&Utc).trunc_subsecs(6)))
            .map_err(|_| "expected a date (YYYY-MM-DD) or a time in RFC 3339 with offset".to_owned())
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::At(at) => at.to_rfc3339(),
            Moment::Day(day) => day.to_string(),
        }
    }
}
