//! A count that many look at: whoever looks first counts, the others of the same process take what was counted. A count that takes
//! long is made less often, so that watching a large campaign never costs the database more than a small share of its time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;

/// How long a count is good at least.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How many times as long as it took a count is good.
const TIMES_AS_LONG: u32 = 20;
/// Nobody looks any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

type Place<Value> = Arc<tokio::sync::Mutex<Option<Counted<Value>>>>;
/// Each count with the last time that somebody looked.
type Places<Key, Value> = HashMap<Key, (Place<Value>, Instant)>;

#[derive(Debug)]
struct Counted<Value> {
    value: Value,
    good_until: Instant,
}

#[derive(Debug, Clone)]
pub struct Board<Key, Value> {
    places: Arc<Mutex<Places<Key, Value>>>,
}

impl<Key, Value> Default for Board<Key, Value> {
    fn default() -> Self {
        Self { places: Arc::default() }
    }
}

impl<Key: Eq + Hash + Copy, Value: Clone> Board<Key, Value> {
    /// What was counted lately, or what `count` says now. Those who ask meanwhile wait for the same count.
    pub async fn look<Counting>(&self, key: Key, count: impl FnOnce() -> Counting) -> Result<Value>
    where
        Counting: Future<Output = Result<Value>>,
    {
        let place = self.place(key);
        let mut counted = place.lock().await;
        if let Some(known) = counted.as_ref().filter(|known| Instant::now() < known.good_until) {
            return Ok(known.value.clone());
        }
        let began = Instant::now();
        let value = count().await?;
        let good_until = Instant::now() + GOOD_FOR.max(began.elapsed() * TIMES_AS_LONG);
        *counted = Some(Counted { value: value.clone(), good_until });
        Ok(value)
    }

    fn place(&self, key: Key) -> Place<Value> {
        let now = Instant::now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, (_, looked_at)| now.duration_since(*looked_at) < FORGOTTEN_AFTER);
        let place = places.entry(key).or_insert_with(|| (Arc::default(), now));
        place.1 = now;
        place.0.clone()
    }
}
