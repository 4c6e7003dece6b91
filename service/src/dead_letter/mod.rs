//! Messages that could not be handled, kept with their reason until somebody has looked at them.
//!
//! ```text
//! open -> replayed | discarded
//! ```
//!
//! Written by the workers' consumers; moved by staff. A replay writes an outbox row in the transaction of the move, so that a
//! repeated or concurrent one sends once. Jobs carry ids only, so whatever a replay does asks every gate again.

mod browse;
mod cause;
mod replay;

use entity::dead_letter;
use entity::states::DeadLetterState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

pub use browse::{CauseGroup, causes, find, letters};
pub use cause::{Cause, Remedy, normalised, remedy};
pub use entity::dead_letter::Model as DeadLetterRow;
pub use replay::{ReplayedCause, discard, replay, replay_cause};

use crate::context::Context;
use crate::error::Result;

#[derive(Debug)]
pub struct DeadLetter<'a> {
    pub queue: &'a str,
    pub message_id: &'a str,
    pub body: &'a [u8],
    pub reason: &'a str,
    pub attempts: u32,
}

/// Recording it twice keeps one row.
pub async fn record(ctx: &Context, letter: DeadLetter<'_>) -> Result<()> {
    let body = serde_json::from_slice(letter.body)
        .unwrap_or_else(|_| serde_json::json!({ "undecodable": String::from_utf8_lossy(letter.body) }));
    let cause = Cause::of(&body, letter.reason);
    let txn = ctx.db.begin().await?;
    dead_letter::Entity::insert(dead_letter::ActiveModel {
        id: Set(ctx.new_id()),
        queue: Set(letter.queue.to_owned()),
        message_id: Set(letter.message_id.to_owned()),
        body: Set(body),
        reason: Set(letter.reason.to_owned()),
        attempts: Set(i32::try_from(letter.attempts).unwrap_or(i32::MAX)),
        died_at: Set(ctx.now()),
        replayed_at: Set(None),
        state: Set(DeadLetterState::Open),
        handled_at: Set(None),
        handled_by: Set(None),
        cause: Set(cause.key(letter.queue)),
        job: Set(cause.job),
        problem: Set(cause.problem),
    })
    .on_conflict(
        OnConflict::columns([dead_letter::Column::Queue, dead_letter::Column::MessageId])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(&txn)
    .await?;
    txn.commit().await?;
    Ok(())
}

/// How many wait for somebody.
pub async fn count(ctx: &Context) -> Result<u64> {
    let open = dead_letter::Column::State.eq(DeadLetterState::Open);
    Ok(dead_letter::Entity::find().filter(open).count(ctx.db.read()).await?)
}
