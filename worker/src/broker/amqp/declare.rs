//! Makes the rows of `topology.rs` in RabbitMQ. Declaring what exists changes nothing, so it is done on every
//! connection and again when something turns out to be missing.
//!
//! Queues that pass messages on use the at-least-once strategy: a message leaves its queue only when the next one has
//! confirmed it. It asks for `reject-publish`, which has no effect without a length limit.

use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind, Result};

use super::AmqpSettings;
use crate::topology::{Exchange, QueueRow, table};

pub(super) fn name(settings: &AmqpSettings, name: &str) -> String {
    format!("{}{name}", settings.prefix)
}

pub(super) async fn all(connection: &Connection, settings: &AmqpSettings) -> Result<()> {
    let channel = connection.create_channel().await?;
    for exchange in Exchange::ALL {
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let name = name(settings, exchange.name());
        channel.exchange_declare(name.into(), ExchangeKind::Direct, options, FieldTable::default()).await?;
    }
    for row in table(&settings.ladder) {
        queue(&channel, settings, &row).await?;
    }
    channel.close(200, "declared".into()).await
}

async fn queue(channel: &Channel, settings: &AmqpSettings, row: &QueueRow) -> Result<()> {
    let queue = name(settings, &row.name);
    let exchange = name(settings, row.exchange.name());
    let options = QueueDeclareOptions { durable: true, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), options, arguments(settings, row)).await?;
    let key = row.name.as_str().into();
    channel
        .queue_bind(queue.into(), exchange.into(), key, QueueBindOptions::default(), FieldTable::default())
        .await
}

fn arguments(settings: &AmqpSettings, row: &QueueRow) -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    if let Some(limit) = row.delivery_limit {
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(limit.into()));
    }
    if let Some(time_to_live) = row.time_to_live {
        let millis = i64::try_from(time_to_live.as_millis()).unwrap_or(i64::MAX);
        arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(millis));
    }
    if let Some(after) = &row.after_death {
        arguments.insert("x-dead-letter-exchange".into(), text(&name(settings, after.exchange.name())));
        arguments.insert("x-dead-letter-routing-key".into(), text(&after.routing_key));
        arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
        arguments.insert("x-overflow".into(), text("reject-publish"));
    }
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

pub(super) async fn remove(connection: &Connection, settings: &AmqpSettings) -> Result<()> {
    let channel = connection.create_channel().await?;
    for row in table(&settings.ladder) {
        let name = name(settings, &row.name);
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in Exchange::ALL {
        let name = name(settings, exchange.name());
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await?;
    }
    channel.close(200, "removed".into()).await
}
