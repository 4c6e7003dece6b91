//! Every exchange, queue, retry rung and dead-letter queue, as one table.
//!
//! ```text
//! publish -> huike.work -> <queue> -> a job -> ack
//!                             ^        |-> huike.retry -> <queue>.retry.<rung>   (waits; its time-to-live leads back)
//!                             |________|________________________|
//!                                      `-> huike.dead -> <queue>.dead            (recorded in the database by a job)
//! ```
//!
//! The in-process broker keeps the same shape without names. A queue's name says everything that decides how it is
//! declared, because RabbitMQ refuses to declare a queue again with other arguments.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// A message that comes back this often without being settled kills the process that takes it: it ends dead.
pub const DELIVERY_LIMIT: u32 = 20;

/// A rung's wait is spread by this much to either side, so that what failed together does not return together.
const JITTER_PERCENT: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Messages that a person waits for: codes, receipts.
    DeliveryUrgent,
    /// Batches of what follows from something a member did: a journey's deliveries.
    DeliveryJourney,
    /// Batches of a campaign's deliveries.
    DeliveryCampaign,
    /// Resolving an audience and cutting it into batches.
    Campaign,
    /// What the platforms report back.
    Callback,
    /// Exports, imports, housekeeping.
    Member,
}

impl Queue {
    pub const ALL: [Self; 6] = [
        Self::DeliveryUrgent,
        Self::DeliveryJourney,
        Self::DeliveryCampaign,
        Self::Campaign,
        Self::Callback,
        Self::Member,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::DeliveryUrgent => "delivery.urgent",
            Self::DeliveryJourney => "delivery.journey",
            Self::DeliveryCampaign => "delivery.send",
            Self::Campaign => "campaign.run",
            Self::Callback => "callback.apply",
            Self::Member => "member.work",
        }
    }

    /// Messages one consumer holds at a time. Small where one message is much work, so that the work spreads.
    pub fn prefetch(self) -> u16 {
        match self {
            Self::DeliveryUrgent => 32,
            Self::DeliveryJourney | Self::DeliveryCampaign => 32,
            Self::Campaign => 4,
            Self::Callback => 64,
            Self::Member => 2,
        }
    }

    pub fn retry_queue(self, rung: Duration) -> String {
        format!("{}.retry.{}", self.name(), label(rung))
    }

    pub fn dead_queue(self) -> String {
        format!("{}.dead", self.name())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    Work,
    Retry,
    Dead,
}

impl Exchange {
    pub const ALL: [Self; 3] = [Self::Work, Self::Retry, Self::Dead];

    pub fn name(self) -> &'static str {
        match self {
            Self::Work => "huike.work",
            Self::Retry => "huike.retry",
            Self::Dead => "huike.dead",
        }
    }
}

/// The waits between attempts; after the last one a message is dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryLadder(Vec<Duration>);

impl Default for RetryLadder {
    fn default() -> Self {
        Self([5, 30, 300, 1_800, 7_200].map(Duration::from_secs).to_vec())
    }
}

impl RetryLadder {
    /// RabbitMQ counts in milliseconds: shorter waits become one.
    pub fn new(rungs: impl IntoIterator<Item = Duration>) -> Self {
        let whole_millis = |rung: Duration| {
            Duration::from_millis(u64::try_from(rung.as_millis()).unwrap_or(u64::MAX).max(1))
        };
        Self(rungs.into_iter().map(whole_millis).collect())
    }

    pub fn rungs(&self) -> &[Duration] {
        &self.0
    }

    /// Where a message goes whose `attempt` (1 is the first) has failed; `None` when it has had its last.
    pub fn rung_after(&self, attempt: u32) -> Option<Duration> {
        self.0.get(attempt.saturating_sub(1) as usize).copied()
    }
}

/// The wait of one message at a rung: the rung give or take [`JITTER_PERCENT`], drawn from the message's id and its
/// attempt so that no source of randomness is needed.
pub fn jittered(rung: Duration, id: &str, attempt: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (id, attempt).hash(&mut hasher);
    let spread = u32::try_from(hasher.finish() % u64::from(2 * JITTER_PERCENT + 1)).unwrap_or(JITTER_PERCENT);
    rung * (100 - JITTER_PERCENT + spread) / 100
}

/// The longest that [`jittered`] makes a rung.
pub fn longest(rung: Duration) -> Duration {
    rung * (100 + JITTER_PERCENT) / 100
}

/// Where a queue's messages go when they expire, are refused, or come back too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterDeath {
    pub exchange: Exchange,
    pub routing_key: String,
}

/// One row of the table. A queue is bound to its exchange by its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    pub name: String,
    pub exchange: Exchange,
    pub time_to_live: Option<Duration>,
    pub delivery_limit: Option<u32>,
    pub after_death: Option<AfterDeath>,
}

impl QueueRow {
    fn work(queue: Queue) -> Self {
        Self {
            name: queue.name().to_owned(),
            exchange: Exchange::Work,
            time_to_live: None,
            delivery_limit: Some(DELIVERY_LIMIT),
            after_death: Some(AfterDeath { exchange: Exchange::Dead, routing_key: queue.dead_queue() }),
        }
    }

    fn retry(queue: Queue, rung: Duration) -> Self {
        Self {
            name: queue.retry_queue(rung),
            exchange: Exchange::Retry,
            time_to_live: Some(longest(rung)),
            delivery_limit: None,
            after_death: Some(AfterDeath { exchange: Exchange::Work, routing_key: queue.name().to_owned() }),
        }
    }

    fn dead(queue: Queue) -> Self {
        Self {
            name: queue.dead_queue(),
            exchange: Exchange::Dead,
            time_to_live: None,
            delivery_limit: None,
            after_death: None,
        }
    }
}

/// Every queue there is.
pub fn table(ladder: &RetryLadder) -> Vec<QueueRow> {
    let mut rows = Vec::new();
    for queue in Queue::ALL {
        rows.push(QueueRow::work(queue));
        rows.extend(ladder.rungs().iter().map(|rung| QueueRow::retry(queue, *rung)));
        rows.push(QueueRow::dead(queue));
    }
    rows
}

fn label(rung: Duration) -> String {
    const UNITS: [(u128, &str); 3] = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let millis = rung.as_millis();
    let whole = UNITS.into_iter().find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, letter) = whole.unwrap_or((1, "ms"));
    format!("{}{letter}", millis / unit)
}
