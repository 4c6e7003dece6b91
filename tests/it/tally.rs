//! Windows of good and bad answers, with and without the shared state.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use service::shared_state::{Limit, Permits, Result, SharedState, SharedStateError};
use service::tally::{Counts, Threshold, add, is_too_many};
use tests::TestApp;

const WINDOW: Duration = Duration::from_secs(60);

fn counts(total: i64, failed: i64) -> Counts {
    Counts { total, failed }
}

#[test]
fn a_share_says_something_only_above_the_minimum() {
    let threshold = Threshold { percent: 30, minimum: 10 };
    for (total, failed, too_many) in
        [(9, 9, false), (10, 3, false), (10, 4, true), (1000, 300, false), (1000, 301, true), (0, 0, false)]
    {
        assert_eq!(is_too_many(counts(total, failed), threshold), too_many, "{failed} of {total}");
    }
    assert!(!is_too_many(counts(100, 100), Threshold { percent: 100, minimum: 1 }), "100 percent: never");
}

#[tokio::test]
async fn a_window_forgets_and_two_workers_count_together() {
    let app = TestApp::start().await;
    let other = app.ctx.clone();
    add(&app.ctx, "k", counts(10, 0), WINDOW).await;
    assert_eq!(add(&other, "k", counts(5, 2), WINDOW).await, counts(15, 2));
    app.clock.advance(chrono::Duration::seconds(60));
    assert_eq!(
        add(&app.ctx, "k", counts(1, 1), WINDOW).await,
        counts(16, 3),
        "the bucket before still counts"
    );
    app.clock.advance(chrono::Duration::seconds(120));
    assert_eq!(add(&app.ctx, "k", counts(1, 1), WINDOW).await, counts(1, 1));
}

/// A shared state that is away.
struct Away;

fn away<T>() -> Result<T> {
    Err(SharedStateError("away".to_owned()))
}

#[async_trait::async_trait]
impl SharedState for Away {
    async fn get(&self, _: &str) -> Result<Option<String>> {
        away()
    }
    async fn set(&self, _: &str, _: &str, _: Duration) -> Result<()> {
        away()
    }
    async fn set_if_absent(&self, _: &str, _: &str, _: Duration) -> Result<bool> {
        away()
    }
    async fn remove_if(&self, _: &str, _: &str) -> Result<bool> {
        away()
    }
    async fn replace_if(&self, _: &str, _: &str, _: &str, _: Duration) -> Result<bool> {
        away()
    }
    async fn increment(&self, _: &str, _: i64, _: Duration) -> Result<i64> {
        away()
    }
    async fn take_together(&self, _: &[Limit<'_>], _: u32, _: DateTime<Utc>) -> Result<Permits> {
        away()
    }
    async fn ping(&self) -> Result<()> {
        away()
    }
}

#[tokio::test]
async fn while_the_shared_state_is_away_a_process_counts_alone() {
    let app = TestApp::start().await;
    let mut ctx = app.ctx.clone();
    ctx.shared = Arc::new(Away);
    add(&ctx, "k", counts(10, 1), WINDOW).await;
    assert_eq!(add(&ctx, "k", counts(10, 4), WINDOW).await, counts(20, 5));
}
