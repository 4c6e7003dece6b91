//! How fast what may go: the limits of a message's account, template and campaign, as the lanes see them. Pure.

use chrono::{DateTime, Duration, Utc};
use entity::states::Lane;

use crate::shared_state::Rate;

/// The share of a limit that is aimed at. What is sent in time arrives a little unevenly, and the limit holds where it is counted:
/// at the platform, in any second. The rest is room for that.
const AIM: f64 = 0.98;
/// How much of a second's permits the campaign lane may take at once: smooth within the second, and enough that a worker which
/// wakes up late loses nothing. Together with the aim it is the limit: what the way to the platform
/// brings together comes on top.
const AT_ONCE_SECONDS: f64 = 0.02;
/// Below this rate one permit at a time: a worker's lateness is small beside the time between two.
const SLOW: f64 = 5.0;
/// The part of a limit that journeys may take.
const JOURNEYS: f64 = 0.8;
/// After a resume a campaign climbs to its rate within this time.
const WARM_UP: Duration = Duration::seconds(30);
/// Where the climb begins.
const COLD: f64 = 0.1;

/// What a lane may take of `per_second`. All lanes draw on one limit; a more urgent one may take more at once, so that it finds
/// room however busy the others are, and all together never pass the rate and the urgent lane's burst.
pub fn of_lane(per_second: f64, lane: Lane) -> Rate {
    let one = if per_second < SLOW { 1.0 } else { (per_second * AT_ONCE_SECONDS).floor().max(2.0) };
    let burst = match lane {
        Lane::Campaign => one,
        Lane::Journey => one + (one / 4.0).ceil(),
        // One would not do: grants are counted in whole microseconds, rounded up.
        Lane::Urgent => one + (one / 2.0).ceil().max(2.0),
    };
    Rate { per_second: per_second * AIM, burst: burst as u32 }
}

/// What journeys may take of `per_second` together, however many there are: the rest is left to campaigns.
pub fn of_journeys(per_second: f64) -> Rate {
    let lane = of_lane(per_second, Lane::Journey);
    Rate { per_second: lane.per_second * JOURNEYS, ..lane }
}

/// What one process keeps to while nobody counts for all: a part of the rate, at one permit a time.
pub fn alone(rate: Rate, share: f64) -> Rate {
    Rate {
        per_second: rate.per_second * share,
        burst: (f64::from(rate.burst) * share).ceil().max(1.0) as u32,
    }
}

/// The share of its rate that a campaign has since it was resumed: from a tenth to all of it.
pub fn warmth(resumed_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    let Some(resumed_at) = resumed_at else { return 1.0 };
    let passed = (now - resumed_at).num_milliseconds() as f64 / WARM_UP.num_milliseconds() as f64;
    COLD + (1.0 - COLD) * passed.clamp(0.0, 1.0)
}

/// A campaign's own limit; None when it has none. While it warms up it has one in any case, a part of the channel's.
pub fn of_campaign(own: Option<u32>, channel: u32, warmth: f64) -> Option<f64> {
    let whole = match own {
        Some(own) => f64::from(own.min(channel)),
        None if warmth < 1.0 => f64::from(channel),
        None => return None,
    };
    Some((whole * warmth).max(COLD))
}

/// How long to wait before the next look: until a permit is free, and at a high rate until a handful is.
pub fn wait(rate: Rate, retry_after: std::time::Duration) -> std::time::Duration {
    let handful = f64::from(rate.burst / 2) / rate.per_second;
    retry_after.max(std::time::Duration::from_secs_f64(handful.clamp(0.0, 0.005)))
}
