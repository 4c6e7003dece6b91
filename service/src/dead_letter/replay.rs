//! Replaying and discarding dead letters: each leaves `open` once, whoever asks and how often.

use entity::dead_letter;
use entity::states::DeadLetterState;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::DeadLetterId;
use crate::outbox::{self, Job};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// Letters per transaction.
const PAGE: u64 = 200;
const MOST_REASON: usize = 200;

/// Sends the letter's job again; a body in place of its own mends one that can't be decoded. What was replayed stays so, and
/// replaying it again sends nothing.
///
/// # Refuses
/// `dead_letter_undecodable`, `dead_letter_discarded`
pub async fn replay(
    ctx: &Context,
    caller: &StaffCaller,
    id: DeadLetterId,
    body: Option<Value>,
) -> Result<dead_letter::Model> {
    caller.require(Permission::HandleDeadLetters)?;
    let mended = body.is_some();
    let given = body.map(decode).transpose()?;
    let txn = ctx.db.begin().await?;
    let row = lock(&txn, id).await?;
    match row.state {
        DeadLetterState::Replayed => return Ok(row),
        DeadLetterState::Discarded => return Err(Refusal::DeadLetterDiscarded.into()),
        DeadLetterState::Open => {}
    }
    let job = match given {
        Some(job) => job,
        None => serde_json::from_value(row.body.clone()).map_err(|_| Refusal::DeadLetterUndecodable)?,
    };
    let row = end(ctx, caller, &txn, &row, DeadLetterState::Replayed).await?;
    outbox::push(&txn, ctx.now(), std::slice::from_ref(&job)).await?;
    let detail =
        json!({ "queue": row.queue, "job": row.job, "mended": mended, "body": mended.then_some(&job) });
    record(ctx, caller, &txn, ("dead_letter.replay", id.to_string()), detail).await?;
    txn.commit().await?;
    Ok(row)
}

fn decode(body: Value) -> Result<Job> {
    serde_json::from_value(body).map_err(|error| Error::invalid("body", format!("is not a job: {error}")))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayedCause {
    pub replayed: u64,
    /// Can't be decoded, so they wait for a corrected body.
    pub undecodable: u64,
}

/// Sends every open letter of a cause again. Repeating it, or two at once, sends each once; one that is cut off goes on where
/// it stopped when it is asked for again.
pub async fn replay_cause(ctx: &Context, caller: &StaffCaller, cause: &str) -> Result<ReplayedCause> {
    caller.require(Permission::HandleDeadLetters)?;
    let mut total = ReplayedCause::default();
    let mut after = None;
    while let Some((last, page)) = replay_page(ctx, caller, cause, after).await? {
        total.replayed += page.replayed;
        total.undecodable += page.undecodable;
        after = Some(last);
    }
    Ok(total)
}

async fn replay_page(
    ctx: &Context,
    caller: &StaffCaller,
    cause: &str,
    after: Option<DeadLetterId>,
) -> Result<Option<(DeadLetterId, ReplayedCause)>> {
    let txn = ctx.db.begin().await?;
    let mut query = dead_letter::Entity::find()
        .filter(dead_letter::Column::Cause.eq(cause))
        .filter(dead_letter::Column::State.eq(DeadLetterState::Open))
        .order_by_asc(dead_letter::Column::Id)
        .limit(PAGE)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    if let Some(after) = after {
        query = query.filter(dead_letter::Column::Id.gt(after));
    }
    let rows = query.all(&txn).await?;
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    let (jobs, ids) = decodable(&rows);
    let page = ReplayedCause { replayed: ids.len() as u64, undecodable: (rows.len() - ids.len()) as u64 };
    if !ids.is_empty() {
        dead_letter::Entity::update_many()
            .col_expr(dead_letter::Column::State, Expr::value(DeadLetterState::Replayed))
            .col_expr(dead_letter::Column::ReplayedAt, Expr::value(ctx.now()))
            .col_expr(dead_letter::Column::HandledAt, Expr::value(ctx.now()))
            .col_expr(dead_letter::Column::HandledBy, Expr::value(caller.id))
            .filter(dead_letter::Column::Id.is_in(ids))
            .exec(&txn)
            .await?;
        outbox::push(&txn, ctx.now(), &jobs).await?;
        let detail = json!({ "letters": page.replayed });
        record(ctx, caller, &txn, ("dead_letter.replay_cause", cause.to_owned()), detail).await?;
    }
    txn.commit().await?;
    Ok(Some((last, page)))
}

fn decodable(rows: &[dead_letter::Model]) -> (Vec<Job>, Vec<DeadLetterId>) {
    rows.iter()
        .filter_map(|row| Some((serde_json::from_value::<Job>(row.body.clone()).ok()?, row.id)))
        .unzip()
}

/// Gives a letter up for good. Discarding it again changes nothing.
///
/// # Refuses
/// `dead_letter_replayed`
pub async fn discard(
    ctx: &Context,
    caller: &StaffCaller,
    id: DeadLetterId,
    reason: &str,
) -> Result<dead_letter::Model> {
    caller.require(Permission::HandleDeadLetters)?;
    let reason = reason.trim();
    if !(1..=MOST_REASON).contains(&reason.chars().count()) {
        return Err(Error::invalid("reason", "needs 1 to 200 characters"));
    }
    let txn = ctx.db.begin().await?;
    let row = lock(&txn, id).await?;
    match row.state {
        DeadLetterState::Discarded => return Ok(row),
        DeadLetterState::Replayed => return Err(Refusal::DeadLetterReplayed.into()),
        DeadLetterState::Open => {}
    }
    let row = end(ctx, caller, &txn, &row, DeadLetterState::Discarded).await?;
    let detail = json!({ "queue": row.queue, "job": row.job, "reason": reason });
    record(ctx, caller, &txn, ("dead_letter.discard", id.to_string()), detail).await?;
    txn.commit().await?;
    Ok(row)
}

async fn lock(txn: &DatabaseTransaction, id: DeadLetterId) -> Result<dead_letter::Model> {
    let row = dead_letter::Entity::find_by_id(id).lock_exclusive().one(txn).await?;
    row.ok_or(Error::NotFound("dead letter"))
}

async fn end(
    ctx: &Context,
    caller: &StaffCaller,
    txn: &DatabaseTransaction,
    row: &dead_letter::Model,
    state: DeadLetterState,
) -> Result<dead_letter::Model> {
    let replayed_at = (state == DeadLetterState::Replayed).then(|| ctx.now());
    dead_letter::Entity::update_many()
        .col_expr(dead_letter::Column::State, Expr::value(state))
        .col_expr(dead_letter::Column::ReplayedAt, Expr::value(replayed_at))
        .col_expr(dead_letter::Column::HandledAt, Expr::value(ctx.now()))
        .col_expr(dead_letter::Column::HandledBy, Expr::value(caller.id))
        .filter(dead_letter::Column::Id.eq(row.id))
        .exec(txn)
        .await?;
    let handled = (Some(ctx.now()), Some(caller.id));
    Ok(dead_letter::Model { state, replayed_at, handled_at: handled.0, handled_by: handled.1, ..row.clone() })
}

async fn record(
    ctx: &Context,
    caller: &StaffCaller,
    txn: &DatabaseTransaction,
    (action, subject): (&str, String),
    detail: Value,
) -> Result<()> {
    let subject = ("dead_letter", subject);
    audit::record(ctx, txn, Act { actor: caller.actor(), action, subject, detail }).await
}
