//! UUIDv7 ids made at the context's time: ordered by time, and by a counter within a millisecond.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
pub use entity::ids::*;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::crypto;

/// The id of a numbered row of a page that was made in one millisecond; `number` must be below 4,096.
pub fn numbered<Id: From<Uuid>>(milliseconds: u64, number: u16) -> Id {
    let mut rest = crypto::random_bytes::<10>();
    [rest[0], rest[1]] = number.to_be_bytes();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &rest).into_uuid().into()
}

/// Below every id that is made at that time or later.
pub fn first_of(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// The millisecond in which an id was made.
pub fn milliseconds(id: Uuid) -> u64 {
    let bytes = id.as_bytes();
    bytes[..6].iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}

static SEQUENCE: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new id, e.g. `ids::next::<MemberId>(now)`.
pub fn next<Id: From<Uuid>>(now: DateTime<Utc>) -> Id {
    let sequence = SEQUENCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(&*sequence, seconds, now.timestamp_subsec_nanos())).into()
}
