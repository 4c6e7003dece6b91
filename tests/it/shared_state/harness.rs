//! Shared state of its own for each test.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use service::shared_state::{MemorySharedState, RedisSharedState, SharedState};
use tests::services;

pub const MINUTE: Duration = Duration::from_secs(60);

/// Nothing in a test takes this long unless it is stuck.
const BOUND: Duration = Duration::from_secs(60);

pub async fn in_memory<F: Future<Output = ()>>(test: impl FnOnce(Arc<dyn SharedState>) -> F) {
    soon(test(Arc::new(MemorySharedState::new()))).await;
}

pub async fn in_redis<F: Future<Output = ()>>(test: impl FnOnce(Arc<dyn SharedState>) -> F) {
    let Some(url) = services::redis_url() else { return };
    soon(test(Arc::new(redis(&url)))).await;
}

/// In a name space of its own, whose keys expire by themselves.
pub fn redis(url: &str) -> RedisSharedState {
    RedisSharedState::connect(url).unwrap().with_namespace(&services::fresh_name()).with_callers_clock()
}

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, what).await.expect("took too long")
}

pub fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}
