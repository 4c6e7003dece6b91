//! Takes messages, runs their jobs, and settles them: ack, retry later, or dead letter. One closing line per job.

use std::time::{Duration, Instant};

use service::Error;
use service::dead_letter::{self, DeadLetter};
use service::outbox::Job;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::{BrokerError, Consumer, Received};
use crate::job;
use crate::topology::Queue;
use crate::worker::Worker;

const AFTER_ERROR: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub enum End {
    Work,
    Dead,
}

/// Runs until told to stop, then lets the jobs that it holds finish.
pub async fn run(worker: Worker, queue: Queue, end: End, stop: CancellationToken) {
    let Some(mut consumer) = open(&worker, queue, end, &stop).await else { return };
    let mut jobs = JoinSet::new();
    loop {
        while jobs.try_join_next().is_some() {}
        let received = tokio::select! {
            () = stop.cancelled() => break,
            received = consumer.next() => received,
        };
        let Some(received) = received else { break };
        let (worker, stop) = (worker.clone(), stop.clone());
        jobs.spawn(async move {
            let settled = match end {
                End::Work => handle(&worker, queue, received, &stop).await,
                End::Dead => record_dead(&worker, queue, received).await,
            };
            if let Err(error) = settled {
                tracing::warn!(%error, queue = queue.name(), "a message could not be settled; it will come again");
            }
        });
    }
    while jobs.join_next().await.is_some() {}
}

async fn open(
    worker: &Worker,
    queue: Queue,
    end: End,
    stop: &CancellationToken,
) -> Option<Box<dyn Consumer>> {
    loop {
        let opened = match end {
            End::Work => worker.broker.consume(queue).await,
            End::Dead => worker.broker.consume_dead(queue).await,
        };
        match opened {
            Ok(consumer) => return Some(consumer),
            Err(BrokerError::Closed) => return None,
            Err(error) => {
                tracing::warn!(%error, queue = queue.name(), "the queue can't be read; trying again")
            }
        }
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(AFTER_ERROR) => {}
        }
    }
}

async fn handle(
    worker: &Worker,
    queue: Queue,
    received: Received,
    stop: &CancellationToken,
) -> Result<(), BrokerError> {
    let Ok(job) = serde_json::from_slice::<Job>(&received.message.body) else {
        tracing::error!(message_id = received.message.id, queue = queue.name(), "a message can't be decoded");
        return received.dead_letter("undecodable").await;
    };
    let began = Instant::now();
    let ended = job::run(&worker.ctx, &job, stop).await;
    close(&job, &received, began.elapsed(), ended.as_ref().err());
    match ended {
        Err(error) if error.is_passing() => received.retry_later(&reason(&error)).await,
        // A rule said no, or what it was about is gone: trying again would not change that.
        _ => finish(worker, received).await,
    }
}

/// The job's closing line and its metrics.
fn close(job: &Job, received: &Received, took: Duration, error: Option<&Error>) {
    let name = job::name(job);
    let outcome = match error {
        None => "done",
        Some(error) if error.is_passing() => "retry",
        Some(_) => "refused",
    };
    metrics::counter!("jobs_total", "job" => name, "outcome" => outcome).increment(1);
    metrics::histogram!("job_duration_seconds", "job" => name).record(took.as_secs_f64());
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let (message_id, attempt) = (&received.message.id, received.attempt);
    match error {
        None => tracing::info!(job = name, message_id, attempt, took_ms, "job done"),
        Some(error) => {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(job = name, message_id, attempt, took_ms, outcome, %error, cause, "job failed");
        }
    }
}

fn reason(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

async fn record_dead(worker: &Worker, queue: Queue, received: Received) -> Result<(), BrokerError> {
    let letter = DeadLetter {
        queue: queue.name(),
        message_id: &received.message.id,
        body: &received.message.body,
        reason: received.reason.as_deref().unwrap_or("unknown"),
        attempts: received.attempt,
    };
    metrics::counter!("dead_letters_total", "queue" => queue.name()).increment(1);
    match dead_letter::record(&worker.ctx, letter).await {
        Ok(()) => finish(worker, received).await,
        Err(error) => {
            tracing::warn!(%error, queue = queue.name(), "a dead letter could not be recorded; trying again");
            received.retry_later("not recorded").await
        }
    }
}

async fn finish(worker: &Worker, received: Received) -> Result<(), BrokerError> {
    let settled = received.ack().await;
    worker.outstanding.done();
    settled
}
