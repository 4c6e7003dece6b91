//! Waiting for what other processes do: a level that is reached, with a bound.

use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Looks until `is_reached`; fails with `what` when the bound has passed.
pub async fn reached<Looking>(what: &str, bound: Duration, is_reached: impl Fn() -> Looking)
where
    Looking: Future<Output = bool>,
{
    assert!(reached_or(bound, is_reached).await, "not within {} s: {what}", bound.as_secs());
}

/// Looks until `is_reached`; false when the bound has passed, for callers who can tell more about it.
pub async fn reached_or<Looking>(bound: Duration, is_reached: impl Fn() -> Looking) -> bool
where
    Looking: Future<Output = bool>,
{
    let began = Instant::now();
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        if is_reached().await {
            return true;
        }
        if began.elapsed() >= bound {
            return false;
        }
    }
}
