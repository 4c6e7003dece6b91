//! Taking messages and settling them.
//!
//! A message that is passed on (to a rung, to the dead) is published there first and acknowledged after its confirm: a
//! crash between the two doubles it, never loses it. An acknowledgement that does not reach the broker does the same.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::{FutureExt, StreamExt};
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};
use tracing::warn;

use super::declare::{self, name};
use super::link::{Link, Session, lost};
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
    channel: Channel,
    deliveries: lapin::Consumer,
}

pub(super) struct AmqpConsumer {
    link: Arc<Link>,
    source: Source,
    attached: Option<Attached>,
    pauses: ExponentialBackoff,
}

impl AmqpConsumer {
    pub fn new(link: Arc<Link>, source: Source) -> Self {
        Self { link, source, attached: None, pauses: pauses() }
    }

    /// Waits until deliveries can flow; `None` once closed.
    async fn attached(&mut self) -> Option<&mut Attached> {
        while self.attached.is_none() {
            let session = self.link.session_when_up().await?;
            match self.attach(&session).await {
                Ok(attached) => {
                    self.pauses = pauses();
                    self.attached = Some(attached);
                }
                Err(error) => {
                    warn!(queue = self.source.name(), %error, "cannot consume from the queue yet");
                    tokio::time::sleep(self.pauses.next().unwrap_or(LONGEST_PAUSE)).await;
                }
            }
        }
        self.attached.as_mut()
    }

    async fn attach(&self, session: &Session) -> lapin::Result<Attached> {
        match self.open(session).await {
            // Somebody may have removed the queue: it is made again, once per try.
            Err(_) if session.connection.status().connected() => {
                declare::all(&session.connection, &self.link.settings).await?;
                self.open(session).await
            }
            attached => attached,
        }
    }

    async fn open(&self, session: &Session) -> lapin::Result<Attached> {
        let channel = session.connection.create_channel().await?;
        let prefetch = self.link.settings.prefetch.unwrap_or(self.source.queue.prefetch()).max(1);
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let queue = name(&self.link.settings, &self.source.name());
        let options = BasicConsumeOptions::default();
        let deliveries =
            channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(Attached { channel, deliveries })
    }

    fn received(&self, channel: Channel, delivery: Delivery) -> Received {
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
            match attached.deliveries.next().await {
                Some(Ok(delivery)) => {
                    let channel = attached.channel.clone();
                    return Some(self.received(channel, delivery));
                }
                Some(Err(error)) => {
                    warn!(queue = self.source.name(), %error, "the queue's deliveries were cut off");
                    self.attached = None;
                }
                None => self.attached = None,
            }
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

fn pauses() -> ExponentialBackoff {
    let pauses = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_delay(LONGEST_PAUSE);
    pauses.without_max_times().with_jitter().build()
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
    /// A channel closes with its last handle, and takes what is unsettled on it away from us.
    _channel: Channel,
}

impl AmqpHeld {
    async fn ack(&mut self) -> Result<(), BrokerError> {
        let Some(acker) = self.acker.take() else { return Ok(()) };
        sent(acker.ack(BasicAckOptions::default()).await)
    }

    async fn hand_back(&mut self) -> Result<(), BrokerError> {
        let Some(acker) = self.acker.take() else { return Ok(()) };
        sent(acker.nack(REQUEUE).await)
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

fn sent(outcome: lapin::Result<bool>) -> Result<(), BrokerError> {
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(BrokerError::Unavailable("the message's channel is closed; it comes again".to_owned()))
        }
        Err(error) => Err(lost(error)),
    }
}
