//! A part of a shared state for one test alone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use service::shared_state::{Permits, Rate, Result, SharedState};

pub struct Namespaced {
    pub inner: Arc<dyn SharedState>,
    pub prefix: String,
}

impl Namespaced {
    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.prefix)
    }
}

#[async_trait]
impl SharedState for Namespaced {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        self.inner.get(&self.key(key)).await
    }
    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.inner.set(&self.key(key), value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool> {
        self.inner.set_if_absent(&self.key(key), value, ttl).await
    }
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        self.inner.remove_if(&self.key(key), expected).await
    }
    async fn replace_if(&self, key: &str, expected: &str, value: &str, ttl: Duration) -> Result<bool> {
        self.inner.replace_if(&self.key(key), expected, value, ttl).await
    }
    async fn increment(&self, key: &str, by: i64, ttl: Duration) -> Result<i64> {
        self.inner.increment(&self.key(key), by, ttl).await
    }
    async fn take_permits(&self, key: &str, rate: Rate, wanted: u32, now: DateTime<Utc>) -> Result<Permits> {
        self.inner.take_permits(&self.key(key), rate, wanted, now).await
    }
    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}
