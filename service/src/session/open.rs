//! A new session, and the tokens of a session.

use chrono::Duration;
use entity::{refresh_token, session};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::{Subject, Tokens, access_token};
use crate::context::Context;
use crate::crypto;
use crate::error::Result;
use crate::ids::SessionId;

pub(crate) async fn open(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    subject: Subject,
    device: Option<String>,
) -> Result<Tokens> {
    let now = ctx.now();
    let id: SessionId = ctx.new_id();
    session::Entity::insert(session::ActiveModel {
        id: Set(id),
        subject_kind: Set(subject.kind()),
        subject_id: Set(subject.id()),
        device: Set(device),
        created_at: Set(now),
        last_seen_at: Set(now),
        revoked_at: Set(None),
        revoked_reason: Set(None),
    })
    .exec_without_returning(connection)
    .await?;
    issue_tokens(ctx, connection, subject, id).await
}

/// The next pair of tokens of a session. The caller has seen to it that no unused refresh token is left.
pub(super) async fn issue_tokens(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    subject: Subject,
    session_id: SessionId,
) -> Result<Tokens> {
    let now = ctx.now();
    let settings = &ctx.settings.sign_in;
    let refresh_token = crypto::random_token();
    refresh_token::Entity::insert(refresh_token::ActiveModel {
        token_hash: Set(hash(&refresh_token)),
        session_id: Set(session_id),
        issued_at: Set(now),
        expires_at: Set(now + Duration::seconds(settings.refresh_token_seconds)),
        used_at: Set(None),
    })
    .exec_without_returning(connection)
    .await?;
    let access_token = access_token::issue(ctx, subject, session_id)?;
    Ok(Tokens { access_token, refresh_token, expires_in: settings.access_token_seconds, session_id })
}

/// A refresh token has 256 random bits, so a plain hash hides it.
pub(super) fn hash(refresh_token: &str) -> String {
    crypto::sha256_hex(refresh_token.as_bytes())
}
