//! What waits for a rate leaves the shared state alone: of the claims that a process has in hand one asks, and not before more may be free.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use entity::states::{Channel, DeliveryState};
use futures_util::future::join_all;
use service::delivery::{Batch, send};
use service::ids::DeliveryId;
use service::shared_state::{Limit, Permits, Result, SharedState};
use tests::TestApp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::guarantee::queued;

/// A shared state that is some way off, and that counts who asks it for permits.
struct Counting {
    inner: Arc<dyn SharedState>,
    asked: AtomicUsize,
    asking: AtomicUsize,
    most_at_once: AtomicUsize,
    /// Closed until it has permits: then nobody is answered.
    gate: Semaphore,
}

impl Counting {
    fn of(inner: Arc<dyn SharedState>) -> Arc<Self> {
        let [asked, asking, most_at_once] = std::array::from_fn(|_| AtomicUsize::new(0));
        Arc::new(Self { inner, asked, asking, most_at_once, gate: Semaphore::new(0) })
    }
}

#[async_trait]
impl SharedState for Counting {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        self.inner.get(key).await
    }
    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.inner.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool> {
        self.inner.set_if_absent(key, value, ttl).await
    }
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        self.inner.remove_if(key, expected).await
    }
    async fn replace_if(&self, key: &str, expected: &str, value: &str, ttl: Duration) -> Result<bool> {
        self.inner.replace_if(key, expected, value, ttl).await
    }
    async fn increment(&self, key: &str, by: i64, ttl: Duration) -> Result<i64> {
        self.inner.increment(key, by, ttl).await
    }
    async fn take_together(&self, limits: &[Limit<'_>], wanted: u32, now: DateTime<Utc>) -> Result<Permits> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let asking = self.asking.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_at_once.fetch_max(asking, Ordering::Relaxed);
        let _open = self.gate.acquire().await.unwrap();
        // Whoever else would ask in this moment does.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let permits = self.inner.take_together(limits, wanted, now).await;
        self.asking.fetch_sub(1, Ordering::Relaxed);
        permits
    }
    async fn ping(&self) -> Result<()> {
        self.inner.ping().await
    }
}

#[tokio::test]
async fn one_claim_at_a_time_asks_for_permits_and_seldom_in_vain() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 50").await;
    app.members(60).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let ids = queued(&app, id).await;
    let counting = Counting::of(app.ctx.shared.clone());
    let mut ctx = app.ctx.clone();
    ctx.shared = counting.clone();
    let batches: Vec<Vec<DeliveryId>> = ids.chunks(20).map(<[_]>::to_vec).collect();
    let sending = batches.into_iter().map(|deliveries| {
        let ctx = ctx.clone();
        tokio::spawn(async move {
            let batch = Batch { id: None, campaign_id: id, deliveries: &deliveries };
            send(&ctx, batch, &CancellationToken::new()).await
        })
    });
    let sending: Vec<_> = sending.collect();
    // A claim of each batch, a third of what a process may hold.
    app.wait_for(id, DeliveryState::Sending, 12).await;
    counting.gate.add_permits(60);
    for sent in join_all(sending).await {
        sent.unwrap().unwrap();
    }

    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 60)]);
    assert_eq!(counting.most_at_once.load(Ordering::Relaxed), 1);
    let asked = counting.asked.load(Ordering::Relaxed);
    assert!((1..=90).contains(&asked), "asked {asked} times for 60 messages");
}
