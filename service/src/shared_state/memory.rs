//! Shared state of a process that shares with nobody: a map under a mutex.
//!
//! Every operation is one short critical section, which makes it atomic. An expired entry reads as absent at once;
//! its memory is freed by later writes, a few entries each, so that no call pays for a large clean-up and the map
//! never holds more than what is alive plus what a burst left behind.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::gcra::{Level, gcra, keep_for};
use super::{Limit, Permits, Result, SharedState, SharedStateError};

/// Expired entries freed by one write. Above one, so that the backlog of expired entries shrinks under any load.
const FREED_PER_WRITE: usize = 4;

/// Stands in for "never" where a time-to-live is too long to add to an instant.
const LONGEST_TTL: Duration = Duration::from_secs(10 * 365 * 86_400);

#[derive(Default)]
pub struct MemorySharedState {
    store: Mutex<Store>,
}

/// When an entry expires; the number tells apart entries of the same instant.
type Expiry = (Instant, u64);

struct Entry {
    value: String,
    expiry: Expiry,
}

#[derive(Default)]
struct Store {
    entries: HashMap<String, Entry>,
    by_expiry: BTreeMap<Expiry, String>,
    next_number: u64,
}

impl Store {
    fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.expiry.0 > Instant::now())
    }

    fn holds(&self, key: &str, expected: &str) -> bool {
        self.get(key).is_some_and(|entry| entry.value == expected)
    }

    fn set(&mut self, key: &str, value: String, ttl: Duration) {
        self.set_until(key, value, Instant::now() + ttl.min(LONGEST_TTL));
    }

    fn set_until(&mut self, key: &str, value: String, expires: Instant) {
        self.remove(key);
        self.free_expired();
        self.next_number += 1;
        let expiry = (expires, self.next_number);
        self.by_expiry.insert(expiry, key.to_owned());
        self.entries.insert(key.to_owned(), Entry { value, expiry });
    }

    fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_expiry.remove(&entry.expiry);
        }
    }

    fn free_expired(&mut self) {
        let now = Instant::now();
        for _ in 0..FREED_PER_WRITE {
            match self.by_expiry.first_entry() {
                Some(first) if first.key().0 <= now => self.entries.remove(&first.remove()),
                _ => return,
            };
        }
    }
}

impl MemorySharedState {
    pub fn new() -> Self {
        Self::default()
    }

    /// Entries that take memory, the expired ones that are not freed yet included.
    pub fn entries_held(&self) -> usize {
        self.lock().entries.len()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SharedState for MemorySharedState {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.lock().get(key).map(|entry| entry.value.clone()))
    }

    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<()> {
        self.lock().set(key, value.to_owned(), ttl);
        Ok(())
    }

    async fn set_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool> {
        let mut store = self.lock();
        let absent = store.get(key).is_none();
        if absent {
            store.set(key, value.to_owned(), ttl);
        }
        Ok(absent)
    }

    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        let mut store = self.lock();
        let held = store.holds(key, expected);
        if held {
            store.remove(key);
        }
        Ok(held)
    }

    async fn replace_if(&self, key: &str, expected: &str, value: &str, ttl: Duration) -> Result<bool> {
        let mut store = self.lock();
        let held = store.holds(key, expected);
        if held {
            store.set(key, value.to_owned(), ttl);
        }
        Ok(held)
    }

    async fn increment(&self, key: &str, by: i64, ttl: Duration) -> Result<i64> {
        let mut store = self.lock();
        let Some((count, expires)) = store.get(key).map(|entry| (entry.value.parse::<i64>(), entry.expiry.0))
        else {
            store.set(key, by.to_string(), ttl);
            return Ok(by);
        };
        let sum = count.ok().and_then(|count| count.checked_add(by));
        let sum =
            sum.ok_or_else(|| SharedStateError("the key holds no number that can be added to".into()))?;
        store.set_until(key, sum.to_string(), expires);
        Ok(sum)
    }

    async fn take_together(&self, limits: &[Limit<'_>], wanted: u32, now: DateTime<Utc>) -> Result<Permits> {
        let mut store = self.lock();
        let level_of = |key| store.get(key).and_then(|entry| Level::decode(&entry.value));
        let states: Vec<_> = limits.iter().map(|limit| (level_of(limit.key), limit.rate)).collect();
        let grant = gcra(&states, wanted, now.timestamp_micros());
        for ((limit, (before, _)), level) in limits.iter().zip(states).zip(&grant.levels) {
            // A clock that was set back is noted, so that the backlog wears off from here.
            if grant.granted > 0 || before.is_some_and(|before| before.at_micros > level.at_micros) {
                store.set(limit.key, level.encode(), keep_for(*level));
            }
        }
        Ok(grant.permits())
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}
