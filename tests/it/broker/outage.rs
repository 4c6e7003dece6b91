//! RabbitMQ goes away and comes back: nothing is lost, and nobody has to be told.

use std::collections::BTreeSet;
use std::sync::Arc;

use tests::services::{self, Wire};
use tokio::process::Command;
use tokio::task::JoinSet;
use worker::broker::{AmqpBroker, Broker, BrokerError};
use worker::topology::Queue;

use super::harness::{message, next, settings, soon, take, until_ok, with_rabbitmq};

const QUEUE: Queue = Queue::DeliveryCampaign;

/// Publishes until confirmed, as the relay does.
fn publish_surely(broker: &Arc<AmqpBroker>, ids: std::ops::Range<usize>) -> JoinSet<()> {
    let mut published = JoinSet::new();
    for id in ids {
        let broker = Arc::clone(broker);
        published.spawn(async move { until_ok(|| broker.publish(QUEUE, message(id))).await });
    }
    published
}

#[tokio::test]
async fn a_connection_cut_while_publishing_loses_nothing() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        let mut published = publish_surely(&broker, 0..2_000);
        for _ in 0..3 {
            for _ in 0..100 {
                published.join_next().await.unwrap().unwrap();
            }
            wire.sever();
        }
        published.join_all().await;
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        assert_eq!(take(&mut consumer, 2_000).await.len(), 2_000);
    })
    .await;
}

#[tokio::test]
async fn a_connection_cut_while_consuming_loses_nothing() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        publish_surely(&broker, 0..300).join_all().await;
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let (mut seen, mut owed, mut held) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        while seen.len() < 300 || !owed.is_empty() {
            let received = next(&mut consumer).await;
            let id = received.message.id.clone();
            let fresh = seen.insert(id.clone());
            if fresh && [50, 150, 250].contains(&seen.len()) {
                // Held while the connection goes: it must come again.
                owed.insert(id);
                held.push(received);
                wire.sever();
            } else {
                owed.remove(&id);
                // An ack that was cut off leads to one more delivery.
                _ = received.ack().await;
            }
        }
        for received in held {
            received.ack().await.unwrap_err();
        }
    })
    .await;
}

#[tokio::test]
async fn a_retry_cut_off_is_neither_lost_nor_left_hanging() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        publish_surely(&broker, 0..1).join_all().await;
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let received = next(&mut consumer).await;
        wire.cut();
        received.retry_later("busy").await.unwrap_err();
        wire.mend();
        let again = next(&mut consumer).await;
        assert_eq!((again.message.id.as_str(), again.attempt), ("0", 1));
        again.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_ack_of_a_lost_connection_is_an_error() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        publish_surely(&broker, 0..1).join_all().await;
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let received = next(&mut consumer).await;
        wire.cut();
        while broker.ping().await.is_ok() {
            tokio::task::yield_now().await;
        }
        received.ack().await.unwrap_err();
        wire.mend();
        next(&mut consumer).await.ack().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_broker_away_at_the_start_is_joined_when_it_comes() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    wire.cut();
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        assert!(matches!(broker.ping().await, Err(BrokerError::Unavailable(_))));
        assert!(matches!(broker.publish(QUEUE, message(0)).await, Err(BrokerError::Unavailable(_))));
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        wire.mend();
        let published = publish_surely(&broker, 0..10);
        assert_eq!(take(&mut consumer, 10).await.len(), 10);
        published.join_all().await;
        until_ok(|| broker.ping()).await;
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_fails_the_ping() {
    let Some(url) = services::amqp_url() else { return };
    let wire = Wire::to(&url).await;
    with_rabbitmq(&wire.url, async |broker: Arc<AmqpBroker>| {
        broker.ping().await.unwrap();
        wire.silence();
        broker.ping().await.unwrap_err();
        wire.mend();
        until_ok(|| broker.ping()).await;
    })
    .await;
}

#[tokio::test]
async fn queues_that_somebody_removed_are_made_again() {
    let Some(url) = services::amqp_url() else { return };
    with_rabbitmq(&url, async |broker: Arc<AmqpBroker>| {
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        publish_surely(&broker, 0..1).join_all().await;
        take(&mut consumer, 1).await;
        broker.remove_topology().await.unwrap();
        let published = publish_surely(&broker, 1..101);
        assert_eq!(take(&mut consumer, 100).await.len(), 100);
        published.join_all().await;
    })
    .await;
}

#[tokio::test]
async fn an_operator_closing_the_connection_loses_nothing() {
    let Some(url) = services::amqp_url() else { return };
    if Command::new("rabbitmqctl").arg("version").output().await.is_err() {
        eprintln!("SKIPPED (rabbitmqctl is not here): an_operator_closing_the_connection_loses_nothing");
        return;
    }
    let settings = settings(&url);
    let name = format!("{}huike", settings.prefix);
    let broker = Arc::new(AmqpBroker::connect(settings).await.unwrap());
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    publish_surely(&broker, 0..100).join_all().await;
    let held = next(&mut consumer).await;
    close_connection(&name).await;
    let published = publish_surely(&broker, 100..200);
    assert_eq!(soon(take(&mut consumer, 200)).await.len(), 200);
    held.ack().await.unwrap_err();
    published.join_all().await;
    broker.remove_topology().await.unwrap();
    broker.close().await;
}

async fn close_connection(name: &str) {
    let listed = rabbitmqctl(&["list_connections", "pid", "client_properties", "--quiet"]).await;
    let line = listed.lines().find(|line| line.contains(name)).expect("the connection is listed");
    let pid = line.split('\t').next().unwrap();
    rabbitmqctl(&["close_connection", pid, "a test"]).await;
}

async fn rabbitmqctl(arguments: &[&str]) -> String {
    let output = Command::new("rabbitmqctl").args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_refused_at_once() {
    let outcome = AmqpBroker::connect(settings("http://not-a-broker")).await;
    assert!(matches!(outcome, Err(BrokerError::BadAddress(_))));
}
