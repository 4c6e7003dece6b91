//! One at a time for each key, in this process. Others wait for their turn, first come, first served.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Clone)]
pub struct OneByOne<Key>(Arc<Mutex<HashMap<Key, Turn>>>);

/// The keys are this holder's until it is dropped.
pub struct Held<Key: Copy + Eq + Hash> {
    all: OneByOne<Key>,
    turns: Vec<(Key, Option<OwnedMutexGuard<()>>)>,
}

impl<Key: Copy + Eq + Hash + Ord> OneByOne<Key> {
    /// In the order of the keys, so that nobody waits in a circle.
    pub async fn hold(&self, keys: &[Key]) -> Held<Key> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let mut held = Held { all: self.clone(), turns: Vec::with_capacity(keys.len()) };
        for key in keys {
            let turn = self.lock().entry(key).or_default().clone();
            // First the place, so that who gives up while waiting leaves nothing behind.
            held.turns.push((key, None));
            let place = held.turns.len() - 1;
            held.turns[place].1 = Some(turn.lock_owned().await);
        }
        held
    }
}

impl<Key> OneByOne<Key> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Turn>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Key> Default for OneByOne<Key> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<Key: Copy + Eq + Hash> Drop for Held<Key> {
    fn drop(&mut self) {
        let mut all = self.all.lock();
        for (key, turn) in self.turns.drain(..) {
            drop(turn);
            // Whoever waits holds it too.
            if all.get(&key).is_some_and(|turn| Arc::strong_count(turn) == 1) {
                all.remove(&key);
            }
        }
    }
}
