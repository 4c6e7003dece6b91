//! A refresh token for the next pair. It is taken by one conditional UPDATE, so of two requests with the same token one wins;
//! the other is a reuse and ends the session, because it can't be told from a thief's.

use entity::states::SubjectKind;
use entity::{member, refresh_token, session, staff};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::open::{hash, issue_tokens};
use super::revoke::revoke;
use super::{Subject, Tokens, require_active_member, require_active_staff};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, SessionId, StaffId};
use crate::refusal::Refusal;

/// The new tokens and who holds them.
pub enum Refreshed {
    Member(Tokens, Box<member::Model>),
    Staff(Tokens, Box<staff::Model>),
}

/// # Refuses
/// `refresh_token_invalid`, `refresh_token_reused`, `member_disabled`, `staff_disabled`
pub async fn refresh(ctx: &Context, token: &str) -> Result<Refreshed> {
    let now = ctx.now();
    let token_hash = hash(token);
    let txn = ctx.db.begin().await?;
    let taken = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
        .filter(
            refresh_token::Column::TokenHash
                .eq(&token_hash)
                .and(refresh_token::Column::UsedAt.is_null())
                .and(refresh_token::Column::ExpiresAt.gt(now)),
        )
        .exec(&txn)
        .await?;
    let row = refresh_token::Entity::find_by_id(token_hash).one(&txn).await?;
    let row = row.ok_or(Refusal::RefreshTokenInvalid)?;
    if taken.rows_affected == 0 {
        return refuse(ctx, txn, &row).await;
    }
    let refreshed = rotate(ctx, &txn, row.session_id).await?;
    txn.commit().await?;
    Ok(refreshed)
}

/// An expired token is only too old; a used one ends the session.
async fn refuse(ctx: &Context, txn: DatabaseTransaction, row: &refresh_token::Model) -> Result<Refreshed> {
    if row.used_at.is_none() {
        return Err(Refusal::RefreshTokenInvalid.into());
    }
    revoke(&txn, ctx.now(), row.session_id, "refresh_token_reused").await?;
    txn.commit().await?;
    tracing::warn!(session_id = %row.session_id, "refresh token reused, session revoked");
    Err(Refusal::RefreshTokenReused.into())
}

async fn rotate(ctx: &Context, txn: &impl ConnectionTrait, id: SessionId) -> Result<Refreshed> {
    let seen = session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(ctx.now()))
        .filter(session::Column::Id.eq(id).and(session::Column::RevokedAt.is_null()))
        .exec(txn)
        .await?;
    if seen.rows_affected == 0 {
        return Err(Refusal::RefreshTokenInvalid.into());
    }
    let session = session::Entity::find_by_id(id).one(txn).await?.ok_or(Error::NotFound("session"))?;
    let gone = || Error::from(Refusal::RefreshTokenInvalid);
    match session.subject_kind {
        SubjectKind::Member => {
            let member_id = MemberId(session.subject_id);
            let member = member::Entity::find_by_id(member_id).one(txn).await?.ok_or_else(gone)?;
            let member = require_active_member(member)?;
            let tokens = issue_tokens(ctx, txn, Subject::Member(member_id), id).await?;
            Ok(Refreshed::Member(tokens, Box::new(member)))
        }
        SubjectKind::Staff => {
            let staff_id = StaffId(session.subject_id);
            let staff = staff::Entity::find_by_id(staff_id).one(txn).await?.ok_or_else(gone)?;
            let staff = require_active_staff(staff)?;
            let tokens = issue_tokens(ctx, txn, Subject::Staff(staff_id), id).await?;
            Ok(Refreshed::Staff(tokens, Box::new(staff)))
        }
    }
}
