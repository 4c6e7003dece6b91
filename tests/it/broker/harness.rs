//! A broker of its own for each test, and the few moves that all tests make.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tests::services;
use tokio::task::JoinSet;
use worker::broker::{
    AmqpBroker, AmqpSettings, Broker, BrokerError, Consumer, MemoryBroker, MemorySettings, Message, Received,
};
use worker::topology::{Queue, RetryLadder};

/// Nothing in a test takes this long unless it is stuck.
const BOUND: Duration = Duration::from_secs(60);

pub fn ladder() -> RetryLadder {
    RetryLadder::new([20, 40].map(Duration::from_millis))
}

pub async fn in_process<F: Future<Output = ()>>(test: impl FnOnce(Arc<dyn Broker>) -> F) {
    let settings = MemorySettings { ladder: ladder(), ..Default::default() };
    soon(test(Arc::new(MemoryBroker::new(settings)))).await;
}

pub async fn in_rabbitmq<F: Future<Output = ()>>(test: impl FnOnce(Arc<dyn Broker>) -> F) {
    let Some(url) = services::amqp_url() else { return };
    with_rabbitmq(&url, |broker| test(broker)).await;
}

/// Runs a test with queues of its own and removes them, also when it fails.
pub async fn with_rabbitmq<F: Future<Output = ()>>(url: &str, test: impl FnOnce(Arc<AmqpBroker>) -> F) {
    let settings = settings(url);
    let prefix = settings.prefix.clone();
    let broker = Arc::new(AmqpBroker::connect(settings).await.unwrap());
    let outcome = AssertUnwindSafe(soon(test(Arc::clone(&broker)))).catch_unwind().await;
    broker.close().await;
    remove_queues(prefix).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// By a connection of its own: the test may have closed its broker or cut its wire.
async fn remove_queues(prefix: String) {
    let Some(url) = services::amqp_url() else { return };
    let settings = AmqpSettings { prefix, ladder: ladder(), ..AmqpSettings::new(url) };
    let broker = AmqpBroker::connect(settings).await.unwrap();
    broker.remove_topology().await.unwrap();
    broker.close().await;
}

pub fn settings(url: &str) -> AmqpSettings {
    let prefix = format!("{}.", services::fresh_name());
    AmqpSettings { prefix, ladder: ladder(), ..AmqpSettings::new(url) }
}

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, what).await.expect("took too long")
}

/// Tries until it works, as the relay does.
pub async fn until_ok<T, F: Future<Output = Result<T, BrokerError>>>(mut step: impl FnMut() -> F) -> T {
    loop {
        match step().await {
            Ok(value) => return value,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

pub fn message(id: impl ToString) -> Message {
    let id = id.to_string();
    let body = format!(r#"{{"id":"{id}"}}"#);
    Message::new(id, body)
}

/// Publishing in process takes as long as the work does, so it goes on beside the test.
pub fn publish(broker: &Arc<dyn Broker>, queue: Queue, count: usize) -> JoinSet<()> {
    let mut published = JoinSet::new();
    for number in 0..count {
        let broker = Arc::clone(broker);
        published.spawn(async move { broker.publish(queue, message(number)).await.unwrap() });
    }
    published
}

pub async fn next(consumer: &mut Box<dyn Consumer>) -> Received {
    consumer.next().await.expect("the broker is open")
}

/// Takes and acks until `count` different messages were seen.
pub async fn take(consumer: &mut Box<dyn Consumer>, count: usize) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let received = next(consumer).await;
        seen.insert(received.message.id.clone());
        // One that is lost comes again.
        _ = received.ack().await;
    }
    seen
}
