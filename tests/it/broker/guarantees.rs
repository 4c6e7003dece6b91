//! What both brokers promise, in one set of tests.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use worker::broker::{Broker, Message};
use worker::topology::{DELIVERY_LIMIT, Queue};

use super::harness::{in_process, in_rabbitmq, message, next, publish, take};

const QUEUE: Queue = Queue::DeliveryCampaign;

macro_rules! in_both {
    ($($test:ident)*) => {
        mod process {
            $(#[tokio::test] async fn $test() { super::in_process(super::$test).await })*
        }
        mod rabbitmq {
            $(#[tokio::test] async fn $test() { super::in_rabbitmq(super::$test).await })*
        }
    };
}

in_both! {
    a_message_is_published_consumed_and_acked
    a_message_of_many_frames_arrives_whole_and_so_does_a_long_reason
    a_queue_keeps_to_its_own_messages
    a_retry_climbs_the_ladder_with_its_attempt_counted_and_ends_dead
    a_dead_letter_says_why_and_waits_to_be_recorded
    a_dead_letter_that_cannot_be_recorded_comes_again
    a_message_handed_back_comes_again_as_the_same_attempt
    a_message_dropped_unsettled_comes_again
    what_a_dropped_consumer_held_is_redelivered
    what_a_dropped_consumer_handed_out_can_still_be_acked
    a_message_that_is_never_settled_ends_dead
    a_consumer_holds_no_more_than_its_prefetch
    a_consumer_stopped_waiting_loses_nothing
    a_thousand_publishes_at_once_all_succeed
    a_closed_broker_ends_its_consumers_and_refuses_messages
}

async fn a_message_is_published_consumed_and_acked(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    let received = next(&mut consumer).await;
    assert_eq!(received.message, message(0));
    assert_eq!(received.attempt, 1);
    assert_eq!(received.reason, None);
    received.ack().await.unwrap();
    published.join_all().await;
    broker.ping().await.unwrap();
}

async fn a_message_of_many_frames_arrives_whole_and_so_does_a_long_reason(broker: Arc<dyn Broker>) {
    let long = Message::new("long", "回客".repeat(50_000));
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let mut dead = broker.consume_dead(QUEUE).await.unwrap();
    let published = tokio::spawn({
        let (broker, long) = (Arc::clone(&broker), long.clone());
        async move { broker.publish(QUEUE, long).await.unwrap() }
    });
    let received = next(&mut consumer).await;
    assert_eq!(received.message, long);
    received.dead_letter(&"坏".repeat(100_000)).await.unwrap();
    let buried = next(&mut dead).await;
    assert_eq!(buried.message, long);
    let reason = buried.reason.clone().unwrap();
    assert!(reason.len() >= 100 && reason.chars().all(|character| character == '坏'));
    buried.ack().await.unwrap();
    published.await.unwrap();
}

async fn a_queue_keeps_to_its_own_messages(broker: Arc<dyn Broker>) {
    let published = Queue::ALL.map(|queue| {
        let broker = Arc::clone(&broker);
        tokio::spawn(async move { broker.publish(queue, message(queue.name())).await.unwrap() })
    });
    for queue in Queue::ALL {
        let received = next(&mut broker.consume(queue).await.unwrap()).await;
        assert_eq!(received.message.id, queue.name());
        received.ack().await.unwrap();
    }
    for published in published {
        published.await.unwrap();
    }
}

async fn a_retry_climbs_the_ladder_with_its_attempt_counted_and_ends_dead(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let mut dead = broker.consume_dead(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    for attempt in 1..=3 {
        let received = next(&mut consumer).await;
        assert_eq!(received.attempt, attempt);
        assert_eq!(received.reason, (attempt > 1).then(|| format!("failed {}", attempt - 1)));
        received.retry_later(&format!("failed {attempt}")).await.unwrap();
    }
    let buried = next(&mut dead).await;
    assert_eq!((buried.attempt, buried.reason.as_deref()), (3, Some("failed 3")));
    assert_eq!(buried.message, message(0));
    buried.ack().await.unwrap();
    published.join_all().await;
}

async fn a_dead_letter_says_why_and_waits_to_be_recorded(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    next(&mut consumer).await.dead_letter("undecodable").await.unwrap();
    let mut dead = broker.consume_dead(QUEUE).await.unwrap();
    let buried = next(&mut dead).await;
    assert_eq!((buried.attempt, buried.reason.as_deref()), (1, Some("undecodable")));
    buried.ack().await.unwrap();
    published.join_all().await;
}

async fn a_dead_letter_that_cannot_be_recorded_comes_again(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let mut dead = broker.consume_dead(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    next(&mut consumer).await.dead_letter("undecodable").await.unwrap();
    next(&mut dead).await.retry_later("the database is away").await.unwrap();
    next(&mut dead).await.hand_back().await.unwrap();
    let buried = next(&mut dead).await;
    assert_eq!(buried.reason.as_deref(), Some("undecodable"));
    buried.ack().await.unwrap();
    published.join_all().await;
}

async fn a_message_handed_back_comes_again_as_the_same_attempt(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    next(&mut consumer).await.retry_later("busy").await.unwrap();
    next(&mut consumer).await.hand_back().await.unwrap();
    let again = next(&mut consumer).await;
    assert_eq!(again.attempt, 2);
    again.ack().await.unwrap();
    published.join_all().await;
}

async fn a_message_dropped_unsettled_comes_again(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    drop(next(&mut consumer).await);
    next(&mut consumer).await.ack().await.unwrap();
    published.join_all().await;
}

async fn what_a_dropped_consumer_held_is_redelivered(broker: Arc<dyn Broker>) {
    let mut first = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 10);
    let held = next(&mut first).await;
    drop(first);
    drop(held);
    let mut second = broker.consume(QUEUE).await.unwrap();
    assert_eq!(take(&mut second, 10).await.len(), 10);
    published.join_all().await;
}

async fn what_a_dropped_consumer_handed_out_can_still_be_acked(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    let held = next(&mut consumer).await;
    drop(consumer);
    held.ack().await.unwrap();
    published.join_all().await;
}

async fn a_message_that_is_never_settled_ends_dead(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let mut dead = broker.consume_dead(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 1);
    let mut deliveries = 0;
    let buried = loop {
        tokio::select! {
            buried = next(&mut dead) => break buried,
            received = next(&mut consumer) => {
                deliveries += 1;
                drop(received);
            }
        }
    };
    assert_eq!(deliveries, DELIVERY_LIMIT + 1);
    assert_eq!(buried.reason.as_deref(), Some("came back unsettled too often"));
    buried.ack().await.unwrap();
    published.join_all().await;
}

async fn a_consumer_holds_no_more_than_its_prefetch(broker: Arc<dyn Broker>) {
    let queue = Queue::Member;
    let mut first = broker.consume(queue).await.unwrap();
    let published = publish(&broker, queue, usize::from(queue.prefetch()) + 1);
    let mut held = Vec::new();
    for _ in 0..queue.prefetch() {
        held.push(next(&mut first).await);
    }
    let mut second = broker.consume(queue).await.unwrap();
    let other = next(&mut second).await;
    assert!(first.next().now_or_never().is_none());
    other.ack().await.unwrap();
    for received in held {
        received.ack().await.unwrap();
    }
    published.join_all().await;
}

async fn a_consumer_stopped_waiting_loses_nothing(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let published = publish(&broker, QUEUE, 100);
    let (mut seen, mut patience) = (0, Duration::from_micros(1));
    while seen < 100 {
        match tokio::time::timeout(patience, next(&mut consumer)).await {
            Ok(received) => {
                received.ack().await.unwrap();
                seen += 1;
            }
            // From giving up at once to waiting as long as it takes.
            Err(_) => patience *= 2,
        }
    }
    published.join_all().await;
}

async fn a_thousand_publishes_at_once_all_succeed(broker: Arc<dyn Broker>) {
    let published = publish(&broker, QUEUE, 1_000);
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    assert_eq!(take(&mut consumer, 1_000).await.len(), 1_000);
    assert_eq!(published.join_all().await.len(), 1_000);
}

async fn a_closed_broker_ends_its_consumers_and_refuses_messages(broker: Arc<dyn Broker>) {
    let mut consumer = broker.consume(QUEUE).await.unwrap();
    let waiting = tokio::spawn(async move { consumer.next().await.is_none() });
    broker.close().await;
    assert!(waiting.await.unwrap());
    assert!(broker.publish(QUEUE, message(0)).await.is_err());
    assert!(broker.ping().await.is_err());
    assert!(broker.consume(QUEUE).await.is_err());
}
