//! Counting good and bad answers within a sliding window, for whoever has to decide whether something has gone wrong.
//!
//! A window is two buckets: the running one and the one before, so what is seen covers one to two lengths. Counts are shared by all
//! processes; while the shared state is away each process counts by itself. Losing them only delays a conclusion.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::context::Context;
use crate::shared_state::{self, SharedState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub total: i64,
    pub failed: i64,
}

/// When a share of failures says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    pub percent: i64,
    /// Below so many answers nothing is concluded.
    pub minimum: i64,
}

/// Whether more than the allowed share failed.
pub fn is_too_many(counts: Counts, threshold: Threshold) -> bool {
    counts.total >= threshold.minimum.max(1)
        && counts.failed.saturating_mul(100) > counts.total.saturating_mul(threshold.percent)
}

/// Adds to the window of `key` and answers what it holds. Where nothing failed the question is not asked, and the answer is what
/// was added.
pub async fn add(ctx: &Context, key: &str, counts: Counts, window: Duration) -> Counts {
    if counts.total == 0 {
        return counts;
    }
    let now = ctx.now();
    match add_in(&*ctx.shared, key, counts, window, now).await {
        Ok(seen) => seen,
        Err(error) => {
            tracing::debug!(%error, "nobody counts answers for all workers; counting alone");
            add_in(&*ctx.local, key, counts, window, now).await.unwrap_or(counts)
        }
    }
}

async fn add_in(
    state: &dyn SharedState,
    key: &str,
    counts: Counts,
    window: Duration,
    now: DateTime<Utc>,
) -> shared_state::Result<Counts> {
    let bucket = now.timestamp().div_euclid(i64::try_from(window.as_secs().max(1)).unwrap_or(i64::MAX));
    let name = |bucket: i64, what: &str| format!("tally.{key}.{bucket}.{what}");
    let total = state.increment(&name(bucket, "total"), counts.total, window * 3).await?;
    if counts.failed == 0 {
        return Ok(counts);
    }
    let failed = state.increment(&name(bucket, "failed"), counts.failed, window * 3).await?;
    let before_total = number(state.get(&name(bucket - 1, "total")).await?);
    let before_failed = number(state.get(&name(bucket - 1, "failed")).await?);
    Ok(Counts { total: total + before_total, failed: failed + before_failed })
}

fn number(text: Option<String>) -> i64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
