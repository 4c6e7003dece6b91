//! The broker of a single process: queues in memory, nothing durable.
//!
//! The durable copy of a message is its outbox row, and publishing resolves only when the row is no longer needed; a
//! restart publishes it again. Memory is bounded by a number of unsettled messages per queue, those that wait for a
//! retry included: publishing beyond it waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Broker, BrokerError, CAME_BACK_TOO_OFTEN, Consumer, End, Held, Message, Received, Settlement};
use crate::topology::{DELIVERY_LIMIT, Queue, RetryLadder, jittered};

/// Unsettled messages per queue; a message is a few kilobytes at most.
const DEFAULT_CAPACITY: usize = 16_384;

/// How long a dead letter rests that could not be recorded, when the ladder has no rung to say so.
const DEAD_REST: Duration = Duration::from_secs(5);

pub struct MemorySettings {
    pub ladder: RetryLadder,
    /// Messages a consumer holds at a time, instead of the queue's own number.
    pub prefetch: Option<u16>,
    /// Unsettled messages per queue; publishing beyond waits.
    pub capacity: usize,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self { ladder: RetryLadder::default(), prefetch: None, capacity: DEFAULT_CAPACITY }
    }
}

pub struct MemoryBroker {
    shared: Arc<Shared>,
}

impl MemoryBroker {
    pub fn new(settings: MemorySettings) -> Self {
        let room = Queue::ALL.map(|_| Arc::new(Semaphore::new(settings.capacity)));
        let shared = Shared {
            settings,
            room,
            work: Default::default(),
            dead: Default::default(),
            closed: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    fn consumer(&self, source: Source) -> Result<Box<dyn Consumer>, BrokerError> {
        self.shared.ensure_open()?;
        let prefetch = self.shared.settings.prefetch.unwrap_or(source.queue.prefetch()).max(1);
        let slots = Arc::new(Semaphore::new(prefetch.into()));
        Ok(Box::new(MemoryConsumer { shared: Arc::clone(&self.shared), source, slots }))
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, queue: Queue, message: Message) -> Result<(), BrokerError> {
        self.shared.ensure_open()?;
        let done = async {
            let room = Arc::clone(&self.shared.room[queue as usize]);
            let room = room.acquire_owned().await.map_err(|_| BrokerError::Closed)?;
            let (safe, done) = oneshot::channel();
            let parcel = Parcel { message, attempt: 1, reason: None, returns: 0, safe, _room: room };
            self.shared.pool(Source { queue, end: End::Work }).push(parcel);
            done.await.map_err(|_| BrokerError::Closed)
        };
        tokio::select! {
            biased;
            done = done => done,
            () = self.shared.closed.cancelled() => Err(BrokerError::Closed),
        }
    }

    async fn consume(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError> {
        self.consumer(Source { queue, end: End::Work })
    }

    async fn consume_dead(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError> {
        self.consumer(Source { queue, end: End::Dead })
    }

    async fn ping(&self) -> Result<(), BrokerError> {
        self.shared.ensure_open()
    }

    async fn close(&self) {
        self.shared.closed.cancel();
        for pool in self.shared.work.iter().chain(&self.shared.dead) {
            pool.lock().clear();
        }
    }
}

#[derive(Clone, Copy)]
struct Source {
    queue: Queue,
    end: End,
}

/// A message on its way, and what its publisher waits for.
struct Parcel {
    message: Message,
    attempt: u32,
    reason: Option<String>,
    /// How often it came back unsettled in this attempt.
    returns: u32,
    safe: oneshot::Sender<()>,
    _room: OwnedSemaphorePermit,
}

#[derive(Default)]
struct Pool {
    ready: Mutex<VecDeque<Parcel>>,
    arrived: Notify,
}

impl Pool {
    fn push(&self, parcel: Parcel) {
        self.lock().push_back(parcel);
        self.arrived.notify_one();
    }

    fn push_front(&self, parcel: Parcel) {
        self.lock().push_front(parcel);
        self.arrived.notify_one();
    }

    async fn take(&self) -> Parcel {
        loop {
            if let Some(parcel) = self.pop() {
                return parcel;
            }
            self.arrived.notified().await;
        }
    }

    /// Two arrivals may leave one notice only: who takes the first passes it on.
    fn pop(&self) -> Option<Parcel> {
        let mut ready = self.lock();
        let parcel = ready.pop_front()?;
        if !ready.is_empty() {
            self.arrived.notify_one();
        }
        Some(parcel)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Parcel>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Shared {
    settings: MemorySettings,
    room: [Arc<Semaphore>; Queue::ALL.len()],
    work: [Pool; Queue::ALL.len()],
    dead: [Pool; Queue::ALL.len()],
    closed: CancellationToken,
}

impl Shared {
    fn ensure_open(&self) -> Result<(), BrokerError> {
        if self.closed.is_cancelled() { Err(BrokerError::Closed) } else { Ok(()) }
    }

    fn pool(&self, source: Source) -> &Pool {
        match source.end {
            End::Work => &self.work[source.queue as usize],
            End::Dead => &self.dead[source.queue as usize],
        }
    }

    fn bury(&self, queue: Queue, mut parcel: Parcel, reason: String) {
        parcel.reason = Some(reason);
        parcel.returns = 0;
        self.pool(Source { queue, end: End::Dead }).push(parcel);
    }

    /// A dead letter has nowhere further to go, so only work is counted.
    fn hand_back(&self, source: Source, mut parcel: Parcel) {
        parcel.returns += 1;
        if source.end == End::Work && parcel.returns > DELIVERY_LIMIT {
            return self.bury(source.queue, parcel, CAME_BACK_TOO_OFTEN.to_owned());
        }
        self.pool(source).push_front(parcel);
    }

    fn push_after(self: Arc<Self>, wait: Duration, source: Source, parcel: Parcel) {
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(wait) => self.pool(source).push(parcel),
                () = self.closed.cancelled() => {}
            }
        });
    }

    fn retry(self: Arc<Self>, queue: Queue, mut parcel: Parcel, reason: String) {
        let Some(rung) = self.settings.ladder.rung_after(parcel.attempt) else {
            return self.bury(queue, parcel, reason);
        };
        let wait = jittered(rung, &parcel.message.id, parcel.attempt);
        parcel.attempt += 1;
        parcel.returns = 0;
        parcel.reason = Some(reason);
        self.push_after(wait, Source { queue, end: End::Work }, parcel);
    }
}

struct MemoryConsumer {
    shared: Arc<Shared>,
    source: Source,
    slots: Arc<Semaphore>,
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn next(&mut self) -> Option<Received> {
        let taken = async {
            let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
            let parcel = self.shared.pool(self.source).take().await;
            Some((slot, parcel))
        };
        let (slot, parcel) = tokio::select! {
            biased;
            () = self.shared.closed.cancelled() => return None,
            taken = taken => taken?,
        };
        Some(Received {
            message: parcel.message.clone(),
            attempt: parcel.attempt,
            reason: parcel.reason.clone(),
            held: Box::new(MemoryHeld {
                shared: Arc::clone(&self.shared),
                source: self.source,
                parcel: Some(parcel),
                _slot: slot,
            }),
        })
    }
}

struct MemoryHeld {
    shared: Arc<Shared>,
    source: Source,
    /// `None` once settled.
    parcel: Option<Parcel>,
    _slot: OwnedSemaphorePermit,
}

#[async_trait]
impl Held for MemoryHeld {
    async fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), BrokerError> {
        self.shared.ensure_open()?;
        let Some(parcel) = self.parcel.take() else { return Ok(()) };
        let (shared, source) = (Arc::clone(&self.shared), self.source);
        match (source.end, settlement) {
            // The publisher may have gone; then nobody needs to hear it.
            (_, Settlement::Ack) => _ = parcel.safe.send(()),
            (_, Settlement::HandBack) => shared.hand_back(source, parcel),
            (End::Work, Settlement::Retry(reason)) => shared.retry(source.queue, parcel, reason),
            (End::Work, Settlement::Dead(reason)) => shared.bury(source.queue, parcel, reason),
            (End::Dead, Settlement::Retry(_) | Settlement::Dead(_)) => {
                let rest = shared.settings.ladder.rung_after(1).unwrap_or(DEAD_REST);
                shared.push_after(rest, source, parcel);
            }
        }
        Ok(())
    }
}

impl Drop for MemoryHeld {
    fn drop(&mut self) {
        if let Some(parcel) = self.parcel.take()
            && !self.shared.closed.is_cancelled()
        {
            self.shared.hand_back(self.source, parcel);
        }
    }
}
