//! Taking messages and settling them.
//!
//! A message that is passed on (to a rung, to the dead) is published there first and acknowledged after its confirm: a
//! crash between the two doubles it, never loses it. An acknowledgement that does not reach the broker does the same.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::{FutureExt, StreamExt};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};
use tokio::task::JoinHandle;
use tracing::warn;

use super::declare::{self, name};
use super::link::{Link, Session};
use super::publish::{ATTEMPT, Parcel, REASON, publish};
use crate::broker::{BrokerError, CAME_BACK_TOO_OFTEN, Consumer, End, Held, Message, Received, Settlement};
use crate::topology::{Exchange, Queue, jittered};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a dead letter rests that could not be recorded, when the ladder has no rung to say so.
const DEAD_REST: Duration = Duration::from_secs(5);

#[derive(Clone, Copy)]
pub(super) struct Source {
    pub queue: Queue,
    pub end: End,
}

impl Source {
    fn name(self) -> String {
        match self.end {
            End::Work => self.queue.name().to_owned(),
            End::Dead => self.queue.dead_queue(),
        }
    }
}

struct Attached {
    session: Arc<Session>,
    channel: Channel,
    deliveries: lapin::Consumer,
}

pub(super) struct AmqpConsumer {
    link: Arc<Link>,
    source: Source,
    attaching: Option<JoinHandle<Option<Attached>>>,
    attached: Option<Attached>,
}

impl AmqpConsumer {
    pub fn new(link: Arc<Link>, source: Source) -> Self {
        Self { link, source, attaching: None, attached: None }
    }

    /// Waits until deliveries can flow; `None` once closed.
    ///
    /// Attaching is a task of its own because the waiting may be cancelled: given up half way, the client would leave
    /// a channel behind that holds messages for nobody.
    async fn attached(&mut self) -> Option<&mut Attached> {
        while self.attached.is_none() {
            let attach = || tokio::spawn(attach(Arc::clone(&self.link), self.source));
            let attached = self.attaching.get_or_insert_with(attach).await;
            self.attaching = None;
            if let Ok(attached) = attached {
                self.attached = Some(attached?);
            }
        }
        self.attached.as_mut()
    }

    fn received(&self, session: Arc<Session>, channel: Channel, delivery: Delivery) -> Received {
        let message = Message::new(
            delivery.properties.message_id().as_ref().map_or("", |id| id.as_str()),
            delivery.data,
        );
        let attempt = attempt(&delivery.properties);
        let held = AmqpHeld {
            link: Arc::clone(&self.link),
            source: self.source,
            message: message.clone(),
            attempt,
            acker: Some(delivery.acker),
            session,
            _channel: channel,
        };
        Received {
            message,
            attempt,
            reason: reason(&delivery.properties, self.source.end),
            held: Box::new(held),
        }
    }

    async fn take(&mut self) -> Option<Received> {
        loop {
            let attached = self.attached().await?;
            // `None` in the stream is the broker's word that it has nothing more to deliver here.
            match attached.session.run(attached.deliveries.next().map(Option::transpose)).await {
                Ok(Some(delivery)) => {
                    let (session, channel) = (Arc::clone(&attached.session), attached.channel.clone());
                    return Some(self.received(session, channel, delivery));
                }
                Ok(None) => {}
                Err(error) => {
                    warn!(queue = self.source.name(), %error, "the queue's deliveries were cut off")
                }
            }
            self.attached = None;
        }
    }
}

#[async_trait]
impl Consumer for AmqpConsumer {
    async fn next(&mut self) -> Option<Received> {
        let link = Arc::clone(&self.link);
        tokio::select! {
            biased;
            () = link.closed() => None,
            received = self.take() => received,
        }
    }
}

async fn attach(link: Arc<Link>, source: Source) -> Option<Attached> {
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build();
    loop {
        let session = link.session_when_up().await?;
        match open_or_repair(&link, &session, source).await {
            Ok(attached) => return Some(attached),
            Err(error) => warn!(queue = source.name(), %error, "cannot consume from the queue yet"),
        }
        tokio::time::sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await;
    }
}

async fn open_or_repair(
    link: &Link,
    session: &Arc<Session>,
    source: Source,
) -> Result<Attached, BrokerError> {
    let attached = session.run(open(link, session, source)).await;
    if attached.is_ok() || !session.connection.status().connected() {
        return attached;
    }
    // Somebody may have removed the queue: it is made again, once per try.
    session.run(declare::all(&session.connection, &link.settings)).await?;
    session.run(open(link, session, source)).await
}

async fn open(link: &Link, session: &Arc<Session>, source: Source) -> lapin::Result<Attached> {
    let channel = session.connection.create_channel().await?;
    let prefetch = link.settings.prefetch.unwrap_or(source.queue.prefetch()).max(1);
    channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
    let queue = name(&link.settings, &source.name());
    let options = BasicConsumeOptions::default();
    let deliveries = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
    Ok(Attached { session: Arc::clone(session), channel, deliveries })
}

fn attempt(properties: &BasicProperties) -> u32 {
    let header = properties.headers().as_ref().and_then(|headers| headers.inner().get(ATTEMPT));
    let attempt = header.and_then(AMQPValue::as_long_long_int).and_then(|value| u32::try_from(value).ok());
    attempt.unwrap_or(1).max(1)
}

/// What the broker buried itself carries its own account of the death on top of the last attempt's reason.
fn reason(properties: &BasicProperties, end: End) -> Option<String> {
    let headers = properties.headers().as_ref()?.inner();
    if end == End::Dead && headers.contains_key("x-death") {
        return Some(CAME_BACK_TOO_OFTEN.to_owned());
    }
    let reason = headers.get(REASON)?.as_long_string()?;
    Some(String::from_utf8_lossy(reason.as_bytes()).into_owned())
}

struct AmqpHeld {
    link: Arc<Link>,
    source: Source,
    message: Message,
    attempt: u32,
    /// `None` once settled.
    acker: Option<Acker>,
    session: Arc<Session>,
    /// A channel closes with its last handle, and takes what is unsettled on it away from us.
    _channel: Channel,
}

impl AmqpHeld {
    async fn ack(&mut self) -> Result<(), BrokerError> {
        let Some(acker) = self.acker.take() else { return Ok(()) };
        sent(self.session.run(acker.ack(BasicAckOptions::default())).await)
    }

    async fn hand_back(&mut self) -> Result<(), BrokerError> {
        let Some(acker) = self.acker.take() else { return Ok(()) };
        sent(self.session.run(acker.nack(REQUEUE)).await)
    }

    /// When it cannot be passed on, dropping `self` hands it back.
    async fn pass_on(&mut self, parcel: Parcel) -> Result<(), BrokerError> {
        publish(&self.link, parcel).await?;
        self.ack().await
    }

    fn to_rung(&self, rung: Duration, reason: String) -> Parcel {
        Parcel {
            exchange: Exchange::Retry,
            routing_key: self.source.queue.retry_queue(rung),
            message: self.message.clone(),
            attempt: self.attempt.saturating_add(1),
            reason: Some(reason),
            expires_after: Some(jittered(rung, &self.message.id, self.attempt)),
        }
    }

    fn to_dead(&self, reason: String) -> Parcel {
        Parcel {
            exchange: Exchange::Dead,
            routing_key: self.source.queue.dead_queue(),
            message: self.message.clone(),
            attempt: self.attempt,
            reason: Some(reason),
            expires_after: None,
        }
    }

    /// A dead letter has nowhere further to go: it is kept from everybody for a while.
    fn rest(mut self: Box<Self>) {
        let rest = self.link.settings.ladder.rung_after(1).unwrap_or(DEAD_REST);
        tokio::spawn(async move {
            tokio::time::sleep(rest).await;
            // Failing means that the channel is gone, and then the broker has it back already.
            _ = self.hand_back().await;
        });
    }
}

#[async_trait]
impl Held for AmqpHeld {
    async fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), BrokerError> {
        match (self.source.end, settlement) {
            (_, Settlement::Ack) => self.ack().await,
            (_, Settlement::HandBack) => self.hand_back().await,
            (End::Work, Settlement::Retry(reason)) => {
                let parcel = match self.link.settings.ladder.rung_after(self.attempt) {
                    Some(rung) => self.to_rung(rung, reason),
                    None => self.to_dead(reason),
                };
                self.pass_on(parcel).await
            }
            (End::Work, Settlement::Dead(reason)) => {
                let parcel = self.to_dead(reason);
                self.pass_on(parcel).await
            }
            (End::Dead, Settlement::Retry(_) | Settlement::Dead(_)) => {
                self.rest();
                Ok(())
            }
        }
    }
}

impl Drop for AmqpHeld {
    fn drop(&mut self) {
        if let Some(acker) = self.acker.take() {
            // The first poll sends it; there is no answer to wait for.
            _ = acker.nack(REQUEUE).now_or_never();
        }
    }
}

const REQUEUE: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

fn sent(outcome: Result<bool, BrokerError>) -> Result<(), BrokerError> {
    if outcome? {
        return Ok(());
    }
    Err(BrokerError::Unavailable("the message's channel is closed; it comes again".to_owned()))
}
