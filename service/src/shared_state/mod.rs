//! State that all processes of one installation share and that may be lost without harm: rate limits, short-lived
//! codes, the platform's token. Redis when distributed, the process's own memory when embedded. The database decides
//! whatever must be exact; this only makes it faster or stricter.

mod gcra;
mod memory;
mod redis;

pub use self::gcra::{Grant, Level, gcra};
pub use self::memory::MemorySharedState;
pub use self::redis::RedisSharedState;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

#[derive(Debug, thiserror::Error)]
#[error("shared state is unavailable: {0}")]
pub struct SharedStateError(pub String);

pub type Result<T> = std::result::Result<T, SharedStateError>;

/// A rate for the generic cell rate algorithm: `per_second` permits in the long run, at most `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: u32,
}

/// One of the limits that a permit must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit<'a> {
    pub key: &'a str,
    pub rate: Rate,
}

/// The answer to a request for permits: how many are granted now, and when the next one will be free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permits {
    pub granted: u32,
    pub retry_after: Duration,
}

/// Every operation is atomic across processes. A time-to-live only frees the memory: whatever expires by a rule
/// carries its own time in the value, so that tests can move the clock.
#[async_trait]
pub trait SharedState: Send + Sync {
    async fn get(&self, key: &str) -> Result<Option<String>>;
    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<()>;
    /// True when the key was free and is now set.
    async fn set_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool>;
    /// True when the key held `expected` and is now gone.
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool>;
    /// True when the key held `expected` and now holds `value`.
    async fn replace_if(&self, key: &str, expected: &str, value: &str, ttl: Duration) -> Result<bool>;
    /// Adds to a counter (absent counts as 0) and answers its new value; `ttl` starts when the counter is made.
    async fn increment(&self, key: &str, by: i64, ttl: Duration) -> Result<i64>;
    /// Takes up to `wanted` permits that every limit has free, from each of them, by GCRA at `now`. Redis goes by its own clock,
    /// which is one for all processes, unless it was told to believe its callers.
    async fn take_together(&self, limits: &[Limit<'_>], wanted: u32, now: DateTime<Utc>) -> Result<Permits>;
    /// The same with one limit.
    async fn take_permits(&self, key: &str, rate: Rate, wanted: u32, now: DateTime<Utc>) -> Result<Permits> {
        self.take_together(&[Limit { key, rate }], wanted, now).await
    }
    async fn ping(&self) -> Result<()>;
}
