//! Publishing with confirms, any number under way on one channel.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Confirmation};
use tracing::warn;

use super::declare::{self, name};
use super::link::{Link, Session};
use crate::broker::{BrokerError, Message};
use crate::topology::Exchange;

pub(super) const ATTEMPT: &str = "x-attempt";
pub(super) const REASON: &str = "x-reason";

const PERSISTENT: u8 = 2;

/// A broker short of memory or disk stops reading from publishers; then nothing fails, it only never answers.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Parcel {
    pub exchange: Exchange,
    pub routing_key: String,
    pub message: Message,
    pub attempt: u32,
    pub reason: Option<String>,
    pub expires_after: Option<Duration>,
}

impl Parcel {
    fn properties(&self) -> BasicProperties {
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPT.into(), AMQPValue::LongLongInt(self.attempt.into()));
        if let Some(reason) = &self.reason {
            headers.insert(REASON.into(), AMQPValue::LongString(reason.as_str().into()));
        }
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_message_id(self.message.id.as_str().into())
            .with_headers(headers);
        match self.expires_after {
            Some(wait) => properties.with_expiration(wait.as_millis().to_string().into()),
            None => properties,
        }
    }
}

/// Resolves when the broker has written the message to its queue.
pub(super) async fn publish(link: &Link, parcel: Parcel) -> Result<(), BrokerError> {
    let session = link.session()?;
    let sending = session.run(send(link, &session, &parcel));
    let confirmation = match tokio::time::timeout(CONFIRM_TIMEOUT, sending).await {
        Ok(Ok(confirmation)) => confirmation,
        Ok(Err(error)) => {
            session.failed.notify_one();
            return Err(error);
        }
        Err(_) => return Err(BrokerError::Unavailable("no confirm in time".to_owned())),
    };
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => {
            repair(link, &session).await;
            Err(BrokerError::Refused("the queue was missing".to_owned()))
        }
        Confirmation::Nack(_) => Err(BrokerError::Refused("the message was not taken".to_owned())),
        Confirmation::NotRequested => Err(BrokerError::Unavailable("confirms are off".to_owned())),
    }
}

async fn send(link: &Link, session: &Arc<Session>, parcel: &Parcel) -> lapin::Result<Confirmation> {
    let exchange = name(&link.settings, parcel.exchange.name());
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let key = parcel.routing_key.as_str().into();
    let body = &parcel.message.body;
    let publisher = &session.publisher;
    publisher.basic_publish(exchange.into(), key, options, body, parcel.properties()).await?.await
}

/// Makes again what somebody removed; the next try to publish finds it. Of many callers one works, the rest wait.
async fn repair(link: &Link, session: &Session) {
    let Ok(_repairing) = session.repair.try_lock() else {
        drop(session.repair.lock().await);
        return;
    };
    warn!("a queue is missing in RabbitMQ; declaring the topology again");
    if let Err(error) = session.run(declare::all(&session.connection, &link.settings)).await {
        warn!(%error, "the topology could not be declared again");
    }
}

/// A round trip on the channel that publishes. Its prefetch means nothing there, so setting it changes nothing.
pub(super) async fn ping(link: &Link) -> Result<(), BrokerError> {
    let session = link.session()?;
    let round_trip = session.run(session.publisher.basic_qos(0, BasicQosOptions::default()));
    match tokio::time::timeout(PING_TIMEOUT, round_trip).await {
        Ok(answer) => answer,
        Err(_) => Err(BrokerError::Unavailable("no answer in time".to_owned())),
    }
}
