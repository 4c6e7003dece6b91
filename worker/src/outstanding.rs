//! How many messages this process has handed to the broker and not yet seen settled, so that one can wait for none.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

#[derive(Default)]
pub struct Outstanding {
    count: AtomicI64,
    changed: Notify,
}

impl Outstanding {
    pub fn add(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    pub fn done(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Returns once every message handed over has been settled.
    pub async fn none(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count.load(Ordering::SeqCst) <= 0 {
                return;
            }
            changed.await;
        }
    }
}
