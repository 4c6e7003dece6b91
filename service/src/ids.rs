//! UUIDv7 ids made at the context's time: ordered by time, and by a counter within a millisecond.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
pub use entity::ids::*;
use uuid::{ContextV7, Timestamp, Uuid};

static SEQUENCE: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new id, e.g. `ids::next::<MemberId>(now)`.
pub fn next<Id: From<Uuid>>(now: DateTime<Utc>) -> Id {
    let sequence = SEQUENCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(&*sequence, seconds, now.timestamp_subsec_nanos())).into()
}
