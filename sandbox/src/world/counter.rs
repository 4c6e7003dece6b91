//! What happened so far, for reconciliation: requests per path, sends by outcome, callbacks by fate.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::lock;

#[derive(Default)]
pub(crate) struct Counters {
    requests: Mutex<BTreeMap<String, u64>>,
    refused: Mutex<BTreeMap<String, BTreeMap<String, u64>>>,
    messages: Mutex<BTreeMap<&'static str, u64>>,
    pub sends_accepted: AtomicU64,
    pub sends_lost: AtomicU64,
    pub callbacks_pushed: AtomicU64,
    pub callbacks_failed: AtomicU64,
    pub callbacks_lost: AtomicU64,
    pub callback_attempts: AtomicU64,
}

pub(crate) fn bump(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub fn request(&self, path: &str) {
        let mut requests = lock(&self.requests);
        match requests.get_mut(path) {
            Some(count) => *count += 1,
            None => drop(requests.insert(path.to_owned(), 1)),
        }
    }

    pub fn refusal(&self, path: &str, code: &str) {
        let mut refused = lock(&self.refused);
        *refused.entry(path.to_owned()).or_default().entry(code.to_owned()).or_default() += 1;
    }

    pub fn message(&self, kind: &'static str) {
        *lock(&self.messages).entry(kind).or_default() += 1;
    }

    pub fn view(&self, callbacks_pending: usize) -> Value {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "requests": *lock(&self.requests),
            "refused": *lock(&self.refused),
            "messages": *lock(&self.messages),
            "sends": { "accepted": read(&self.sends_accepted), "lost_after_acceptance": read(&self.sends_lost) },
            "callbacks": {
                "pushed": read(&self.callbacks_pushed), "failed": read(&self.callbacks_failed),
                "lost": read(&self.callbacks_lost), "attempts": read(&self.callback_attempts),
                "pending": callbacks_pending,
            },
        })
    }
}
