//! Ending sessions: one by its holder, all of somebody's by whoever closes the account.

use chrono::{DateTime, Utc};
use entity::session;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{Subject, access_token};
use crate::context::Context;
use crate::error::Result;
use crate::ids::SessionId;

/// Ends the session of an access token. An expired token may end its session too, and ending it twice is harmless.
pub async fn sign_out(ctx: &Context, access_token: &str) -> Result<()> {
    let claims = access_token::read_even_if_expired(ctx, access_token)?;
    let txn = ctx.db.begin().await?;
    revoke(&txn, ctx.now(), claims.sid, "signed_out").await?;
    txn.commit().await?;
    Ok(())
}

pub(super) async fn revoke(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
    id: SessionId,
    reason: &str,
) -> Result<()> {
    revoke_where(connection, now, session::Column::Id.eq(id), reason).await
}

pub(crate) async fn revoke_all(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    subject: Subject,
    reason: &str,
) -> Result<()> {
    revoke_where(connection, ctx.now(), is_of(subject), reason).await
}

/// All but the one in use.
pub(crate) async fn revoke_others(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    (subject, kept): (Subject, SessionId),
    reason: &str,
) -> Result<()> {
    let others = is_of(subject).and(session::Column::Id.ne(kept));
    revoke_where(connection, ctx.now(), others, reason).await
}

pub(super) fn is_of(subject: Subject) -> Expr {
    session::Column::SubjectKind.eq(subject.kind()).and(session::Column::SubjectId.eq(subject.id()))
}

async fn revoke_where(
    connection: &impl ConnectionTrait,
    now: DateTime<Utc>,
    ended: Expr,
    reason: &str,
) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(now))
        .col_expr(session::Column::RevokedReason, Expr::value(reason))
        .filter(ended.and(session::Column::RevokedAt.is_null()))
        .exec(connection)
        .await?;
    Ok(())
}
