//! Carries outbox rows to the broker. A row goes when its message is safe; a relay that dies in between leaves the row, and
//! the message is carried again.

use std::time::Duration;

use bytes::Bytes;
use service::ids::OutboxId;
use service::outbox::{self, Parcel, Part};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::broker::Message;
use crate::topology::Queue;
use crate::worker::Worker;

const PAGE: u64 = 200;
const IDLE: Duration = Duration::from_millis(50);
/// From the beginning of a round of what is urgent, for which somebody waits, to the next. Also after one that found some: what is written
/// meanwhile goes together.
const URGENT_PAUSE: Duration = Duration::from_millis(10);
/// Between two looks of somebody who waits for the relay to be through.
const POLL: Duration = Duration::from_millis(1);
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// Rows deleted together.
const DELETE_AT_ONCE: usize = 200;

/// Runs until told to stop; what is then on its way is carried again by the next relay.
pub async fn run(worker: Worker, part: Part, stop: CancellationToken) {
    let mut publishing = JoinSet::new();
    loop {
        let began = Instant::now();
        let wait = match round(&worker, part, &mut publishing).await {
            Ok(moved) => pause(part, moved),
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be relayed; trying again");
                AFTER_ERROR
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep_until(began + wait) => {}
        }
    }
    let _ = settle(&worker, &mut publishing).await;
}

fn pause(part: Part, moved: usize) -> Duration {
    match part {
        Part::Urgent if moved < PAGE as usize => URGENT_PAUSE,
        _ if moved == 0 => IDLE,
        _ => Duration::ZERO,
    }
}

/// One page from the outbox to the broker; answers how many rows began or ended their way.
async fn round(worker: &Worker, part: Part, publishing: &mut Publishing) -> service::Result<usize> {
    let ended = settle(worker, publishing).await?;
    if !outbox::is_waiting(&worker.ctx, part).await? {
        return Ok(ended);
    }
    let rows = outbox::claim(&worker.ctx, part, PAGE, worker.relay_lease()).await?;
    let begun = rows.len();
    for parcel in outbox::pack(rows) {
        worker.outstanding.add();
        publishing.spawn(publish(worker.clone(), parcel));
    }
    Ok(begun + ended)
}

/// The rows of a message, and whether it is safe.
pub type Publishing = JoinSet<(Vec<OutboxId>, bool)>;

async fn publish(worker: Worker, parcel: Parcel) -> (Vec<OutboxId>, bool) {
    let Parcel { ids, queue, body } = parcel;
    let Some(queue) = Queue::ALL.into_iter().find(|known| known.name() == queue) else {
        tracing::error!(outbox_id = %ids[0], queue, "an outbox row names no queue of ours");
        worker.outstanding.done();
        return (ids, false);
    };
    let body = Bytes::from(body.to_string());
    match worker.broker.publish(queue, Message::new(ids[0].to_string(), body)).await {
        Ok(()) => (ids, true),
        Err(error) => {
            tracing::warn!(outbox_id = %ids[0], %error, "a message could not be published; its rows stay");
            worker.outstanding.done();
            (ids, false)
        }
    }
}

/// Deletes the rows whose messages are safe by now and lets go of those that failed.
async fn settle(worker: &Worker, publishing: &mut Publishing) -> service::Result<usize> {
    let (mut safe, mut failed) = (Vec::new(), Vec::new());
    while safe.len() < DELETE_AT_ONCE
        && let Some(published) = publishing.try_join_next()
    {
        match published {
            Ok((ids, true)) => safe.extend(ids),
            Ok((ids, false)) => failed.extend(ids),
            Err(error) => {
                tracing::error!(%error, "a publishing task ended badly; its row's claim will lapse")
            }
        }
    }
    if !safe.is_empty() {
        outbox::delete(&worker.ctx, &safe).await?;
    }
    if !failed.is_empty() {
        outbox::release(&worker.ctx, &failed).await?;
        tokio::time::sleep(IDLE).await;
    }
    Ok(safe.len())
}

/// Relays everything that waits and returns when all of it is safe: for tests and for the last act of a command.
pub async fn relay_all(worker: &Worker) -> service::Result<usize> {
    let mut publishing = JoinSet::new();
    let mut moved = 0;
    loop {
        moved += round(worker, Part::All, &mut publishing).await?;
        if publishing.is_empty() && !outbox::is_waiting(&worker.ctx, Part::All).await? {
            return Ok(moved);
        }
        tokio::time::sleep(POLL).await;
    }
}
