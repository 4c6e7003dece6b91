//! What only the broker in process promises: the outbox row is the durable copy until the work is done.

use std::sync::Arc;

use futures_util::{FutureExt, poll};
use worker::broker::{Broker, MemoryBroker, MemorySettings};
use worker::topology::Queue;

use super::harness::{in_process, ladder, message, next, soon};

const QUEUE: Queue = Queue::Callback;

#[tokio::test]
async fn publishing_resolves_only_when_the_message_is_acked() {
    in_process(async |broker: Arc<dyn Broker>| {
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let mut publishing = broker.publish(QUEUE, message(1));
        assert!(poll!(&mut publishing).is_pending());
        next(&mut consumer).await.retry_later("busy").await.unwrap();
        let received = next(&mut consumer).await;
        assert!(poll!(&mut publishing).is_pending());
        received.ack().await.unwrap();
        publishing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn publishing_a_message_that_dies_resolves_only_when_the_death_is_recorded() {
    in_process(async |broker: Arc<dyn Broker>| {
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let mut publishing = broker.publish(QUEUE, message(1));
        assert!(poll!(&mut publishing).is_pending());
        next(&mut consumer).await.dead_letter("undecodable").await.unwrap();
        let buried = next(&mut broker.consume_dead(QUEUE).await.unwrap()).await;
        assert!(poll!(&mut publishing).is_pending());
        buried.ack().await.unwrap();
        publishing.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn closing_fails_what_is_not_done() {
    in_process(async |broker: Arc<dyn Broker>| {
        let mut consumer = broker.consume(QUEUE).await.unwrap();
        let (mut taken, mut waiting) = (broker.publish(QUEUE, message(1)), broker.publish(QUEUE, message(2)));
        assert!(poll!(&mut taken).is_pending() && poll!(&mut waiting).is_pending());
        let held = next(&mut consumer).await;
        broker.close().await;
        assert!(taken.await.is_err() && waiting.await.is_err());
        assert!(held.ack().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn publishing_beyond_the_capacity_waits_for_room() {
    let settings = MemorySettings { ladder: ladder(), capacity: 2, ..Default::default() };
    let broker = MemoryBroker::new(settings);
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let mut publishing = [1, 2, 3].map(|number| broker.publish(QUEUE, message(number)));
    for publishing in &mut publishing {
        assert!(poll!(publishing).is_pending());
    }
    let first = next(&mut consumer).await;
    let second = next(&mut consumer).await;
    assert!(consumer.next().now_or_never().is_none());
    first.ack().await.unwrap();
    second.ack().await.unwrap();
    let third = async { next(&mut consumer).await.ack().await.unwrap() };
    let (published, ()) =
        soon(futures_util::future::join(futures_util::future::join_all(publishing), third)).await;
    assert!(published.iter().all(Result::is_ok));
}
