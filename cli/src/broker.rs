//! The broker that the settings name.

use std::sync::Arc;
use std::time::Duration;

use api::ReadinessCheck;
use service::settings::Settings;
use worker::broker::{AmqpBroker, AmqpSettings, Broker, BrokerError, MemoryBroker, MemorySettings};
use worker::topology::RetryLadder;

/// Answers although RabbitMQ is away: it connects by itself when it comes back.
pub async fn connect(settings: &Settings) -> Result<Arc<dyn Broker>, BrokerError> {
    let rungs = settings.broker.retry_seconds.iter();
    let ladder = RetryLadder::new(rungs.map(|seconds| Duration::from_secs_f64(seconds.max(0.0))));
    Ok(match settings.amqp_url.expose() {
        "" => Arc::new(MemoryBroker::new(MemorySettings { ladder, ..Default::default() })),
        url => {
            let prefix = settings.broker.prefix.clone();
            Arc::new(AmqpBroker::connect(AmqpSettings { prefix, ladder, ..AmqpSettings::new(url) }).await?)
        }
    })
}

pub fn readiness(broker: Arc<dyn Broker>) -> ReadinessCheck {
    ReadinessCheck::new("broker", move || {
        let broker = broker.clone();
        async move { broker.ping().await.map_err(|_| "does not answer".to_owned()) }
    })
}
