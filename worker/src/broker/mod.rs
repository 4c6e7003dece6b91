//! The transport between those who have work and those who do it: RabbitMQ, or the process itself.
//!
//! What both promise:
//! * A message is delivered at least once. Whoever takes it settles it: [`Received::ack`], [`Received::retry_later`],
//!   [`Received::hand_back`] or [`Received::dead_letter`]; dropping it unsettled hands it back.
//! * An attempt is counted by `retry_later` only. After the last rung of the ladder the message is dead, and so is one
//!   that has come back unsettled more than [`DELIVERY_LIMIT`](crate::topology::DELIVERY_LIMIT) times.
//! * [`Broker::publish`] resolves when the message is safe without the caller, whose outbox row is the durable copy
//!   until then: with RabbitMQ when it has confirmed the message, in process when the message was acked, or was
//!   acked as a dead letter by the job that records those.
//!
//! Order is not promised, and a message may come twice: a job must be harmless when run again.

mod amqp;
mod memory;

pub use self::amqp::{AmqpBroker, AmqpSettings};
pub use self::memory::{MemoryBroker, MemorySettings};

use async_trait::async_trait;
use bytes::Bytes;

use crate::topology::Queue;

#[derive(Debug, Clone, thiserror::Error)]
pub enum BrokerError {
    /// Away, or lost before it answered: the message may or may not have arrived.
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// The broker did not take the message.
    #[error("the broker refused: {0}")]
    Refused(String),
    #[error("the broker's address is not usable: {0}")]
    BadAddress(String),
    #[error("the broker is closed")]
    Closed,
}

/// What travels. It outlives a restart of the broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The outbox row's id.
    pub id: String,
    /// JSON.
    pub body: Bytes,
}

impl Message {
    pub fn new(id: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { id: id.into(), body: body.into() }
    }
}

/// Without the body, which may speak of persons.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("bytes", &self.body.len()).finish()
    }
}

#[async_trait]
pub trait Broker: Send + Sync {
    /// Resolves when the message is safe without the caller, see above. Any number may be under way at once. After an
    /// error the message may still have arrived: publish it again.
    async fn publish(&self, queue: Queue, message: Message) -> Result<(), BrokerError>;
    async fn consume(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError>;
    /// The queue's dead letters. For these `retry_later` and `dead_letter` mean: hand back after a while.
    async fn consume_dead(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError>;
    /// Whether a message could be published now.
    async fn ping(&self) -> Result<(), BrokerError>;
    /// Ends the consumers. What is held unsettled will be delivered again.
    async fn close(&self);
}

/// Takes messages until the broker is closed. Dropping it stops the taking; what was taken can still be settled.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for a message, through lost connections too; `None` once the broker is closed. Safe to cancel.
    async fn next(&mut self) -> Option<Received>;
}

/// A message taken, to be settled by one of its methods.
pub struct Received {
    pub message: Message,
    /// 1 for the first.
    pub attempt: u32,
    /// Why the attempt before failed, or why the message is dead.
    pub reason: Option<String>,
    held: Box<dyn Held>,
}

impl Received {
    pub async fn ack(self) -> Result<(), BrokerError> {
        self.held.settle(Settlement::Ack).await
    }

    /// Delivers it again after the next rung of the ladder, as the next attempt; past the last rung it is dead.
    pub async fn retry_later(self, reason: &str) -> Result<(), BrokerError> {
        self.held.settle(Settlement::Retry(shortened(reason))).await
    }

    /// Delivers it again at once, to anyone, as the same attempt.
    pub async fn hand_back(self) -> Result<(), BrokerError> {
        self.held.settle(Settlement::HandBack).await
    }

    pub async fn dead_letter(self, reason: &str) -> Result<(), BrokerError> {
        self.held.settle(Settlement::Dead(shortened(reason))).await
    }
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Received");
        fields.field("message", &self.message).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

enum Settlement {
    Ack,
    Retry(String),
    HandBack,
    Dead(String),
}

/// The transport's side of a message taken. Dropped without being settled it hands the message back.
#[async_trait]
trait Held: Send + Sync {
    async fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), BrokerError>;
}

/// Which of a queue's two ends a consumer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Work,
    Dead,
}

/// The reason of a message that came back unsettled too often.
const CAME_BACK_TOO_OFTEN: &str = "came back unsettled too often";

/// A reason travels in a header and is shown to people; an essay serves neither.
const REASON_CHARS: usize = 300;

fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS).collect()
}
