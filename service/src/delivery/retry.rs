//! When a delivery whose last try surely had no effect is tried again. Pure.

use chrono::{DateTime, Duration, Utc};

use crate::ids::DeliveryId;

/// Waits after the first, second, ... try. Each is spread by a fifth either way, so that those who failed together do not come
/// back together; the rungs lie so far apart that a later one is always longer.
const RUNGS: [Duration; 5] = [
    Duration::seconds(5),
    Duration::seconds(30),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
];
const SPREAD: f64 = 0.2;

/// After `wait` where the platform named one, else by the ladder; None when that would not be before the offer's end.
pub fn next_try(
    (id, tries): (DeliveryId, i32),
    wait: Option<Duration>,
    now: DateTime<Utc>,
    offer_ends_at: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let at = now + wait.unwrap_or_else(|| back_off(id, tries));
    offer_ends_at.is_none_or(|end| at < end).then_some(at)
}

/// The same for the same delivery and try.
pub fn back_off(id: DeliveryId, tries: i32) -> Duration {
    let rung = usize::try_from(tries - 1).unwrap_or_default().min(RUNGS.len() - 1);
    let millis = RUNGS[rung].num_milliseconds() as f64 * (1.0 + SPREAD * spread(id, tries));
    Duration::milliseconds(millis as i64)
}

/// From -1 to 1, by the id and the try alone (FNV-1a over their bytes, mixed).
fn spread(id: DeliveryId, tries: i32) -> f64 {
    let bytes = id.0.as_bytes().iter().copied().chain(tries.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    mixed as f64 / f64::from(u32::MAX) * 2.0 - 1.0
}
