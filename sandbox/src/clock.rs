//! The sandbox's time. Every rule of the stand-in (token life, code life, quota days, marketing hours) reads this clock,
//! so that a test moves time instead of waiting for it. This file is the only one that asks the machine what time it is.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, FixedOffset, TimeZone, Utc};

/// Where the sandbox starts to take its time from; `PUT /sandbox/api/clock` moves it later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SandboxClock {
    /// The machine's clock.
    #[default]
    System,
    /// Stands still at this moment until it is moved.
    Fixed(DateTime<Utc>),
}

pub(crate) struct Clock {
    started_as: SandboxClock,
    reading: Mutex<Reading>,
}

#[derive(Clone)]
struct Reading {
    source: SandboxClock,
    offset: Duration,
}

impl Clock {
    pub fn new(source: SandboxClock) -> Self {
        let reading = Mutex::new(Reading { source: source.clone(), offset: Duration::zero() });
        Self { started_as: source, reading }
    }

    pub fn now(&self) -> DateTime<Utc> {
        let reading = self.read();
        match reading.source {
            SandboxClock::System => machine_time() + reading.offset,
            SandboxClock::Fixed(at) => at + reading.offset,
        }
    }

    /// A still clock makes delays wait for the next move instead of for real time.
    pub fn stands_still(&self) -> bool {
        matches!(self.read().source, SandboxClock::Fixed(_))
    }

    pub fn offset_seconds(&self) -> i64 {
        self.read().offset.num_seconds()
    }

    pub fn stand_at(&self, moment: DateTime<Utc>) {
        self.write(Reading { source: SandboxClock::Fixed(moment), offset: Duration::zero() });
    }

    pub fn follow_machine(&self, offset: Duration) {
        self.write(Reading { source: SandboxClock::System, offset });
    }

    pub fn advance(&self, by: Duration) {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.offset += by;
    }

    pub fn restart(&self) {
        self.write(Reading { source: self.started_as.clone(), offset: Duration::zero() });
    }

    fn read(&self) -> Reading {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, reading: Reading) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }
}

#[allow(clippy::disallowed_methods, reason = "the sandbox's only reading of the machine's clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// The platforms count days and print times in Beijing time, which knows no summer time.
pub(crate) fn beijing(moment: DateTime<Utc>) -> DateTime<FixedOffset> {
    const EIGHT_HOURS: i32 = 8 * 3600;
    match FixedOffset::east_opt(EIGHT_HOURS) {
        Some(offset) => moment.with_timezone(&offset),
        None => moment.fixed_offset(),
    }
}

pub(crate) fn beijing_text(moment: DateTime<Utc>) -> String {
    beijing(moment).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) fn from_unix_seconds(seconds: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_opt(seconds, 0).single()
}
