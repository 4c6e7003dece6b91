//! Pushes waiting for their moment, the earliest first.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::callback::Push;
use crate::callback::client::Client;
use crate::lock;

#[derive(Default)]
pub(crate) struct PushQueue {
    waiting: Mutex<Waiting>,
    in_flight: AtomicUsize,
    /// Rings when a push was added or the clock was moved.
    pub bell: Notify,
    pub client: Client,
}

#[derive(Default)]
struct Waiting {
    by_time: BTreeMap<(DateTime<Utc>, u64), Push>,
    added: u64,
}

impl PushQueue {
    pub fn push(&self, push: Push) {
        let mut waiting = lock(&self.waiting);
        let number = waiting.added;
        waiting.added += 1;
        waiting.by_time.insert((push.due_at, number), push);
        drop(waiting);
        self.bell.notify_one();
    }

    /// Takes the next push whose time has come; it counts as in flight until `settled`.
    pub fn take_due(&self, now: DateTime<Utc>) -> Option<Push> {
        let mut waiting = lock(&self.waiting);
        let due = waiting.by_time.first_entry().filter(|first| first.key().0 <= now)?;
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        Some(due.remove())
    }

    pub fn settled(&self) {
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    pub fn next_due_at(&self) -> Option<DateTime<Utc>> {
        lock(&self.waiting).by_time.first_key_value().map(|((due_at, _), _)| *due_at)
    }

    /// Waiting or being delivered right now.
    pub fn pending(&self) -> usize {
        let waiting = lock(&self.waiting);
        waiting.by_time.len() + self.in_flight.load(Ordering::Acquire)
    }

    pub fn clear(&self) {
        lock(&self.waiting).by_time.clear();
    }
}
