//! A worker: everything that moves work, in one process.

use std::sync::Arc;
use std::time::Duration;

use service::outbox::Part;
use service::settings::Settings;
use service::{Context, outbox};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::{AmqpBroker, AmqpSettings, Broker, MemoryBroker, MemorySettings};
use crate::consumer::{self, End};
use crate::lanes::Lanes;
use crate::outstanding::Outstanding;
use crate::topology::{Queue, RetryLadder};
use crate::{relay, schedule, urgent};

/// The embedded relay is the only one, and holds a row until its job is done.
const EMBEDDED_LEASE: chrono::Duration = chrono::Duration::days(3650);

#[derive(Clone)]
pub struct Worker {
    pub(crate) ctx: Context,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) outstanding: Arc<Outstanding>,
    pub(crate) lanes: Lanes,
}

/// The transport that the settings name.
pub async fn connect_broker(settings: &Settings) -> anyhow::Result<Arc<dyn Broker>> {
    let ladder =
        RetryLadder::new(settings.broker.retry_seconds.iter().map(|wait| Duration::from_secs_f64(*wait)));
    Ok(match settings.amqp_url.expose() {
        "" => Arc::new(MemoryBroker::new(MemorySettings { ladder, ..Default::default() })),
        url => Arc::new(
            AmqpBroker::connect(AmqpSettings {
                prefix: settings.broker.prefix.clone(),
                ladder,
                ..AmqpSettings::new(url)
            })
            .await?,
        ),
    })
}

impl Worker {
    pub fn new(ctx: Context, broker: Arc<dyn Broker>) -> Self {
        Self { ctx, broker, outstanding: Arc::default(), lanes: Lanes::ALL }
    }

    /// Works for these lanes alone.
    pub fn with_lanes(self, lanes: Lanes) -> Self {
        Self { lanes, ..self }
    }

    pub fn context(&self) -> &Context {
        &self.ctx
    }

    /// Works until `stop`, then takes nothing new, finishes what it holds within the deadline of the settings, and hands the
    /// rest back.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        if self.ctx.settings.is_embedded() {
            outbox::release_all(&self.ctx).await?;
        }
        let mut tasks = JoinSet::new();
        if self.lanes.urgent {
            tasks.spawn(urgent::start(self.clone(), stop.clone()));
        }
        if self.lanes.has_rest() {
            tasks = self.add_consumers(tasks, &self.lanes.rest(), &stop);
            tasks.spawn(relay::run(self.clone(), Part::Rest, stop.clone()));
        }
        if self.lanes.campaign {
            tasks.spawn(schedule::run(self.ctx.clone(), stop.clone()));
            tasks.spawn(schedule::run_dispatch(self.ctx.clone(), stop.clone()));
        }
        tracing::info!(lanes = ?self.lanes, "worker runs");
        stop.cancelled().await;
        self.finish(tasks).await;
        self.broker.close().await;
        tracing::info!("worker stopped");
        Ok(())
    }

    /// Waits for what is held, up to the deadline of the settings.
    pub(crate) async fn finish(&self, mut tasks: JoinSet<()>) {
        let deadline = Duration::from_secs(self.ctx.settings.server.shutdown_seconds);
        let finished =
            tokio::time::timeout(deadline, async { while tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("the shutdown's deadline has passed; what is held goes back to the queue");
            tasks.abort_all();
        }
    }

    /// The consumers of all lanes, in the caller's runtime.
    pub fn start_consumers(&self, stop: &CancellationToken) -> JoinSet<()> {
        self.consume(&Queue::ALL, stop)
    }

    pub(crate) fn consume(&self, queues: &[Queue], stop: &CancellationToken) -> JoinSet<()> {
        self.add_consumers(JoinSet::new(), queues, stop)
    }

    /// One task per queue and one per dead-letter queue.
    fn add_consumers(
        &self,
        mut tasks: JoinSet<()>,
        queues: &[Queue],
        stop: &CancellationToken,
    ) -> JoinSet<()> {
        for queue in queues {
            tasks.spawn(consumer::run(self.clone(), *queue, End::Work, stop.clone()));
            tasks.spawn(consumer::run(self.clone(), *queue, End::Dead, stop.clone()));
        }
        tasks
    }

    /// Does everything that is due at the clock's present time and returns when nothing is left to do. Needs running consumers.
    pub async fn drain(&self) -> service::Result<()> {
        loop {
            let made = schedule::run_campaigns(&self.ctx).await?;
            let relayed = relay::relay_all(self).await?;
            self.outstanding.none().await;
            let completed = schedule::close_campaigns(&self.ctx).await?;
            if made == 0 && relayed == 0 && completed == 0 {
                return Ok(());
            }
        }
    }

    pub(crate) fn relay_lease(&self) -> chrono::Duration {
        match self.ctx.settings.is_embedded() {
            true => EMBEDDED_LEASE,
            // A relay of several must let go of rows when it dies.
            false => chrono::Duration::seconds(self.ctx.settings.broker.relay_lease_seconds),
        }
    }
}
