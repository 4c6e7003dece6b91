//! Answers kept by Idempotency-Key: the same key with the same request gets the stored answer, with another request a
//! refusal. Answers are encrypted at rest, since some hold tokens. Kept for a day.

use chrono::Duration;
use entity::idempotency_key;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::context::Context;
use crate::error::Result;
use crate::refusal::Refusal;

const SEAL: &str = "idempotency.answer";
const COOKIE_SEAL: &str = "idempotency.cookie";
/// A request that has not answered for so long is taken to be lost, and its key may try again.
const LOCK: Duration = Duration::seconds(60);
const KEPT: Duration = Duration::hours(24);

/// Whose key, which key, and what the request was (a hash of method, path and body).
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    pub caller: String,
    pub key: String,
    pub request_hash: String,
}

pub struct StoredAnswer {
    pub status: u16,
    pub content_type: String,
    /// What the answer made the browser keep: without it a repeated sign-in would be none.
    pub cookie: Option<Vec<u8>>,
    pub body: Vec<u8>,
}

pub enum Begun {
    /// First time: go ahead, then call [`finish`].
    Fresh,
    Answered(StoredAnswer),
}

/// # Refuses
/// `idempotency_key_reused`, `request_in_progress`
pub async fn begin(ctx: &Context, request: &KeyedRequest) -> Result<Begun> {
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    let inserted = idempotency_key::Entity::insert(idempotency_key::ActiveModel {
        caller: Set(request.caller.clone()),
        key: Set(request.key.clone()),
        request_hash: Set(request.request_hash.clone()),
        status: Set(None),
        content_type: Set(None),
        answer: Set(None),
        cookie: Set(None),
        locked_until: Set(now + LOCK),
        created_at: Set(now),
    })
    .on_conflict(
        OnConflict::columns([idempotency_key::Column::Caller, idempotency_key::Column::Key])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(&txn)
    .await?;
    if inserted == 1 {
        txn.commit().await?;
        return Ok(Begun::Fresh);
    }
    let begun = resume(ctx, &txn, request).await?;
    txn.commit().await?;
    Ok(begun)
}

async fn resume(ctx: &Context, txn: &impl ConnectionTrait, request: &KeyedRequest) -> Result<Begun> {
    let Some(row) = find(request).one(txn).await? else {
        return Err(Refusal::RequestInProgress.into());
    };
    if row.request_hash != request.request_hash {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    if let (Some(status), Some(answer)) = (row.status, &row.answer) {
        return Ok(Begun::Answered(StoredAnswer {
            status: u16::try_from(status).unwrap_or(500),
            content_type: row.content_type.unwrap_or_default(),
            cookie: row.cookie.map(|cookie| ctx.keys.open(COOKIE_SEAL, &cookie)).transpose()?,
            body: ctx.keys.open(SEAL, answer)?,
        }));
    }
    let taken_over = idempotency_key::Entity::update_many()
        .col_expr(idempotency_key::Column::LockedUntil, Expr::value(ctx.now() + LOCK))
        .filter(key_is(request).and(idempotency_key::Column::LockedUntil.lt(ctx.now())))
        .exec(txn)
        .await?;
    if taken_over.rows_affected == 1 { Ok(Begun::Fresh) } else { Err(Refusal::RequestInProgress.into()) }
}

/// Keeps the answer. One that a retry may improve (429, 5xx) is not kept: the key is free again.
pub async fn finish(ctx: &Context, request: &KeyedRequest, answer: StoredAnswer) -> Result<()> {
    let cookie = answer.cookie.map(|cookie| ctx.keys.seal(COOKIE_SEAL, &cookie)).transpose()?;
    let txn = ctx.db.begin().await?;
    if answer.status == 429 || answer.status >= 500 {
        idempotency_key::Entity::delete_many().filter(key_is(request)).exec(&txn).await?;
    } else {
        idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::Status, Expr::value(i32::from(answer.status)))
            .col_expr(idempotency_key::Column::ContentType, Expr::value(answer.content_type))
            .col_expr(idempotency_key::Column::Answer, Expr::value(ctx.keys.seal(SEAL, &answer.body)?))
            .col_expr(idempotency_key::Column::Cookie, Expr::value(cookie))
            .filter(key_is(request))
            .exec(&txn)
            .await?;
    }
    txn.commit().await?;
    Ok(())
}

/// Forgets answers older than a day.
pub async fn forget_old(ctx: &Context) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let gone = idempotency_key::Entity::delete_many()
        .filter(idempotency_key::Column::CreatedAt.lt(ctx.now() - KEPT))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(gone.rows_affected)
}

fn key_is(request: &KeyedRequest) -> Expr {
    idempotency_key::Column::Caller.eq(&request.caller).and(idempotency_key::Column::Key.eq(&request.key))
}

fn find(request: &KeyedRequest) -> sea_orm::Select<idempotency_key::Entity> {
    idempotency_key::Entity::find().filter(key_is(request))
}
