//! How campaigns share a channel: how much may lie in the queue, and what of it is whose. Pure.
//!
//! The queue is worked off in its order, so a campaign's part of the queue is its part of the rate. Each round fills the queue
//! up so that the parts stand to each other as the weights; what one has no use for goes to the others.

/// How much of a rate lies in the queue ahead of the workers, in seconds: enough to bridge the time between two rounds, and
/// little, because a campaign that comes later waits behind it.
const AHEAD_SECONDS: f64 = 0.5;
/// At a low rate at least two batches, unless they are more than so many seconds' worth.
const AHEAD_AT_MOST_SECONDS: f64 = 2.0;
/// A campaign with a rate of its own has a second's worth in the queue.
const OWN_SECONDS: f64 = 1.0;
/// A batch is at most so much of the channel's rate, and of the campaign's own.
const BATCH_SECONDS: f64 = 0.1;
const OWN_BATCH_SECONDS: f64 = 0.25;

/// A campaign with work that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    pub weight: u32,
    /// What of it lies in the queue now.
    pub queued: u64,
    /// What more it could use.
    pub wanted: u64,
}

/// How many deliveries of a channel and lane may lie in the queue.
pub fn ahead(per_second: u32, batch: usize, most: u64) -> u64 {
    let per_second = f64::from(per_second);
    let batches = (2.0 * batch as f64).min(per_second * AHEAD_AT_MOST_SECONDS);
    ((per_second * AHEAD_SECONDS).max(batches).ceil() as u64).clamp(1, most.max(1))
}

/// How many of one campaign may, whose own rate this is.
pub fn own_ahead(per_second: u32) -> u64 {
    (f64::from(per_second) * OWN_SECONDS).ceil().max(1.0) as u64
}

/// How many deliveries one message of the queue holds.
pub fn batch(most: usize, channel_per_second: u32, own_per_second: Option<u32>) -> usize {
    let part = |per_second: u32, seconds: f64| (f64::from(per_second) * seconds).ceil() as usize;
    let own = own_per_second.map_or(most, |rate| part(rate, OWN_BATCH_SECONDS));
    most.min(part(channel_per_second, BATCH_SECONDS)).min(own).max(1)
}

/// Splits `room` among the claimants: all of it, as far as they can use it, so that what each then has in the queue for its
/// weight is as equal as it can be made.
pub fn split(room: u64, claimants: &[Claimant]) -> Vec<u64> {
    let room = room.min(claimants.iter().map(|one| one.wanted).sum());
    let mut given = at_level(highest_level(room, claimants), claimants);
    let mut left = room - given.iter().sum::<u64>();
    // Less than one each is left: it goes to who would then have the least for its weight.
    while left > 0 {
        let next = claimants.iter().zip(&given).enumerate().filter(|(_, (one, given))| **given < one.wanted);
        let least = next.min_by(|(_, a), (_, b)| filled(a).total_cmp(&filled(b))).map(|(place, _)| place);
        let Some(place) = least else { return given };
        given[place] += 1;
        left -= 1;
    }
    given
}

fn filled((one, given): &(&Claimant, &u64)) -> f64 {
    (one.queued + *given + 1) as f64 / weight(one)
}

fn weight(one: &Claimant) -> f64 {
    f64::from(one.weight.max(1))
}

/// What brings each up to `level` for each unit of its weight.
fn at_level(level: f64, claimants: &[Claimant]) -> Vec<u64> {
    let up_to =
        |one: &Claimant| ((level * weight(one)).floor() as u64).saturating_sub(one.queued).min(one.wanted);
    claimants.iter().map(up_to).collect()
}

/// The highest level that `room` suffices for, to within less than one delivery.
fn highest_level(room: u64, claimants: &[Claimant]) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    let fits = |level: f64| at_level(level, claimants).iter().sum::<u64>() <= room;
    let full =
        |level: f64| claimants.iter().all(|one| level * weight(one) >= (one.queued + one.wanted) as f64);
    while fits(high) && !full(high) {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..64 {
        let middle = (low + high) / 2.0;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

/// The batches of several campaigns one after the other in turn, so that none stands behind all of another's.
pub fn interleave<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    loop {
        let round: Vec<T> = lists.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() {
            return all;
        }
        all.extend(round);
    }
}
