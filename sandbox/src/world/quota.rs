//! Daily and per-minute counters per WeChat API. Days turn at 00:00 in Beijing.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::beijing;
use crate::lock;

/// `clear_quota` and its v2 together, a month; and the clears of single APIs.
const CLEARS_A_MONTH: u32 = 10;
const SINGLE_CLEARS_A_MONTH: u32 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotaFault {
    Daily,
    PerMinute,
}

#[derive(Clone, Copy, Serialize)]
pub(crate) struct Usage {
    pub daily_limit: u64,
    pub used: u64,
    pub per_minute_limit: u64,
    #[serde(skip)]
    minute: (i64, u64),
}

/// What `PUT /sandbox/api/quota` may set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaWish {
    pub path: String,
    pub daily_limit: Option<u64>,
    pub per_minute_limit: Option<u64>,
    pub used: Option<u64>,
}

#[derive(Default)]
pub(crate) struct QuotaBook(Mutex<Book>);

#[derive(Default)]
struct Book {
    day: Option<NaiveDate>,
    month: (i32, u32),
    clears: u32,
    single_clears: u32,
    usage: HashMap<String, Usage>,
}

impl QuotaBook {
    /// Counts one call, or says which limit it broke; a refused call is not counted.
    pub fn take(&self, path: &str, now: DateTime<Utc>) -> Result<(), QuotaFault> {
        let mut book = lock(&self.0);
        book.turn(now);
        let usage = book.usage_of(path);
        if usage.used >= usage.daily_limit {
            return Err(QuotaFault::Daily);
        }
        let minute = now.timestamp().div_euclid(60);
        let this_minute = if usage.minute.0 == minute { usage.minute.1 } else { 0 };
        if this_minute >= usage.per_minute_limit {
            return Err(QuotaFault::PerMinute);
        }
        usage.used += 1;
        usage.minute = (minute, this_minute + 1);
        Ok(())
    }

    pub fn usage(&self, path: &str, now: DateTime<Utc>) -> Usage {
        let mut book = lock(&self.0);
        book.turn(now);
        *book.usage_of(path)
    }

    pub fn set(&self, wish: QuotaWish, now: DateTime<Utc>) -> Usage {
        let mut book = lock(&self.0);
        book.turn(now);
        let usage = book.usage_of(&wish.path);
        usage.daily_limit = wish.daily_limit.unwrap_or(usage.daily_limit);
        usage.per_minute_limit = wish.per_minute_limit.unwrap_or(usage.per_minute_limit);
        usage.used = wish.used.unwrap_or(usage.used);
        *usage
    }

    /// False when the month's clears are used up.
    pub fn clear_all(&self, now: DateTime<Utc>) -> bool {
        let mut book = lock(&self.0);
        book.turn(now);
        if book.clears >= CLEARS_A_MONTH {
            return false;
        }
        book.clears += 1;
        book.usage.values_mut().for_each(|usage| usage.used = 0);
        true
    }

    pub fn clear_one(&self, path: &str, now: DateTime<Utc>) -> bool {
        let mut book = lock(&self.0);
        book.turn(now);
        if book.single_clears >= SINGLE_CLEARS_A_MONTH {
            return false;
        }
        book.single_clears += 1;
        book.usage_of(path).used = 0;
        true
    }
}

impl Book {
    fn usage_of(&mut self, path: &str) -> &mut Usage {
        self.usage.entry(path.to_owned()).or_insert_with(|| Usage::of(path))
    }

    fn turn(&mut self, now: DateTime<Utc>) {
        let today = beijing(now).date_naive();
        if self.day != Some(today) {
            self.day = Some(today);
            self.usage.values_mut().for_each(|usage| usage.used = 0);
        }
        let month = (today.year(), today.month());
        if self.month != month {
            self.month = month;
            self.clears = 0;
            self.single_clears = 0;
        }
    }
}

impl Usage {
    fn of(path: &str) -> Self {
        const UNPUBLISHED: u64 = 1_000_000;
        let daily_limit = match path {
            "/cgi-bin/message/subscribe/send" => 10_000_000,
            "/cgi-bin/token" => 2_000,
            "/cgi-bin/stable_token" => 500_000,
            "/wxa/getwxacodeunlimit" => 100_000_000,
            "/wxa/msg_sec_check" => 2_000_000,
            "/wxa/generate_urllink" | "/wxa/generatescheme" => 500_000,
            _ => UNPUBLISHED,
        };
        let per_minute_limit = match path {
            "/cgi-bin/stable_token" => 10_000,
            "/wxa/getwxacodeunlimit" => 5_000,
            "/wxa/msg_sec_check" => 4_000,
            _ => UNPUBLISHED,
        };
        Self { daily_limit, used: 0, per_minute_limit, minute: (0, 0) }
    }
}
