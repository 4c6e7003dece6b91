//! The broker in RabbitMQ: quorum queues, publisher confirms, manual acknowledgements.
//!
//! [`link`] keeps one connection alive, [`declare`] makes the topology, [`publish`] waits for confirms and [`consume`]
//! takes and settles. The client's own recovery is not used: it would hide from us which confirms and deliveries were
//! lost with the old connection, and that is exactly what decides whether an outbox row may go.

mod consume;
mod declare;
mod link;
mod publish;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::uri::AMQPUri;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::consume::{AmqpConsumer, Source};
use self::link::Link;
use self::publish::Parcel;
use super::{Broker, BrokerError, Consumer, End, Message};
use crate::topology::{Exchange, Queue, RetryLadder};

pub struct AmqpSettings {
    /// `amqp://` or `amqps://`, with user, password and virtual host.
    pub url: String,
    /// Put before every exchange's and queue's name, to keep installations apart in one virtual host.
    pub prefix: String,
    pub ladder: RetryLadder,
    /// Messages a consumer holds at a time, instead of the queue's own number.
    pub prefetch: Option<u16>,
}

impl AmqpSettings {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: String::new(), ladder: RetryLadder::default(), prefetch: None }
    }
}

/// Seconds between heartbeats unless the URL says otherwise: a silent peer is given up after about twice this.
const HEARTBEAT_SECONDS: u16 = 15;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a frame unless the URL says otherwise: a message of the sender's is one or a few. The client keeps 64 frames' room for
/// each connection, 8 MB with the server's own 128 KB.
const FRAME_BYTES: u32 = 16 * 1024;

pub struct AmqpBroker {
    link: Arc<Link>,
    _stop_when_dropped: DropGuard,
}

impl AmqpBroker {
    /// Answers after the first try to connect, whether it worked or not; further tries go on in the background and
    /// [`Broker::ping`] tells how they stand. Fails only if the URL cannot be read.
    pub async fn connect(settings: AmqpSettings) -> Result<Self, BrokerError> {
        let mut uri: AMQPUri = settings.url.parse().map_err(BrokerError::BadAddress)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        uri.query.frame_max.get_or_insert(FRAME_BYTES);
        uri.query.connection_timeout.get_or_insert(CONNECT_TIMEOUT.as_millis() as u64);
        let stop = CancellationToken::new();
        let link = Arc::new(Link::new(uri, settings, stop.clone()));
        tokio::spawn(Arc::clone(&link).keep_alive());
        link.first_try().await;
        Ok(Self { link, _stop_when_dropped: stop.drop_guard() })
    }

    /// Removes every queue and exchange of this prefix, with what is in them.
    pub async fn remove_topology(&self) -> Result<(), BrokerError> {
        let session = self.link.session()?;
        session.run(declare::remove(&session.connection, &self.link.settings)).await
    }

    fn consumer(&self, queue: Queue, end: End) -> Result<Box<dyn Consumer>, BrokerError> {
        self.link.ensure_open()?;
        Ok(Box::new(AmqpConsumer::new(Arc::clone(&self.link), Source { queue, end })))
    }
}

#[async_trait]
impl Broker for AmqpBroker {
    async fn publish(&self, queue: Queue, message: Message) -> Result<(), BrokerError> {
        let parcel = Parcel {
            exchange: Exchange::Work,
            routing_key: queue.name().to_owned(),
            message,
            attempt: 1,
            reason: None,
            expires_after: None,
        };
        publish::publish(&self.link, parcel).await
    }

    async fn consume(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError> {
        self.consumer(queue, End::Work)
    }

    async fn consume_dead(&self, queue: Queue) -> Result<Box<dyn Consumer>, BrokerError> {
        self.consumer(queue, End::Dead)
    }

    async fn ping(&self) -> Result<(), BrokerError> {
        publish::ping(&self.link).await
    }

    async fn close(&self) {
        self.link.close().await;
    }
}
