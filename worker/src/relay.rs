//! Carries outbox rows to the broker. A row goes when its message is safe; a relay that dies in between leaves the row, and
//! the message is carried again.

use std::time::Duration;

use bytes::Bytes;
use service::outbox::{self, Part, Row};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::Message;
use crate::topology::Queue;
use crate::worker::Worker;

const PAGE: u64 = 200;
const IDLE: Duration = Duration::from_millis(50);
/// Somebody waits for what is urgent; one small read finds out.
const URGENT_IDLE: Duration = Duration::from_millis(10);
/// Between two looks of somebody who waits for the relay to be through.
const POLL: Duration = Duration::from_millis(1);
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// Rows deleted together.
const DELETE_AT_ONCE: usize = 200;

/// Runs until told to stop; what is then on its way is carried again by the next relay.
pub async fn run(worker: Worker, part: Part, stop: CancellationToken) {
    let mut publishing = JoinSet::new();
    let idle = if part == Part::Urgent { URGENT_IDLE } else { IDLE };
    loop {
        let wait = match round(&worker, part, &mut publishing).await {
            Ok(0) => idle,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be relayed; trying again");
                AFTER_ERROR
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
    }
    let _ = settle(&worker, &mut publishing).await;
}

/// One page from the outbox to the broker; answers how many rows began or ended their way.
async fn round(worker: &Worker, part: Part, publishing: &mut Publishing) -> service::Result<usize> {
    let ended = settle(worker, publishing).await?;
    if !outbox::is_waiting(&worker.ctx, part).await? {
        return Ok(ended);
    }
    let rows = outbox::claim(&worker.ctx, part, PAGE, worker.relay_lease()).await?;
    let begun = rows.len();
    for row in rows {
        worker.outstanding.add();
        publishing.spawn(publish(worker.clone(), row));
    }
    Ok(begun + ended)
}

pub type Publishing = JoinSet<(Row, bool)>;

async fn publish(worker: Worker, row: Row) -> (Row, bool) {
    let Some(queue) = Queue::ALL.into_iter().find(|queue| queue.name() == row.queue) else {
        tracing::error!(outbox_id = %row.id, queue = row.queue, "an outbox row names no queue of ours");
        return (row, false);
    };
    let body = Bytes::from(row.body.to_string());
    match worker.broker.publish(queue, Message::new(row.id.to_string(), body)).await {
        Ok(()) => (row, true),
        Err(error) => {
            tracing::warn!(outbox_id = %row.id, %error, "a message could not be published; its row stays");
            worker.outstanding.done();
            (row, false)
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
            Ok((row, true)) => safe.push(row.id),
            Ok((row, false)) => failed.push(row.id),
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
