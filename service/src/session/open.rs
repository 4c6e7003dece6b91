//! A new session, and the tokens of a session.

use chrono::Duration;
use entity::{refresh_token, session};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};

use super::{Subject, Tokens, access_token};
use crate::context::Context;
use crate::crypto;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::SessionId;

pub(crate) async fn open(
    ctx: &Context,
    txn: &DatabaseTransaction,
    subject: Subject,
    device: Option<String>,
) -> Result<Tokens> {
    let opened = open_all(ctx, txn, vec![(subject, device)]).await?.pop();
    opened.ok_or_else(|| Error::internal(anyhow::anyhow!("a session without tokens")))
}

/// A session for each of them, in the same order.
pub(crate) async fn open_all(
    ctx: &Context,
    txn: &DatabaseTransaction,
    subjects: Vec<(Subject, Option<String>)>,
) -> Result<Vec<Tokens>> {
    let now = ctx.now();
    let (mut sessions, mut refresh_tokens, mut opened) = (Vec::new(), Vec::new(), Vec::new());
    for (subject, device) in subjects {
        let session = session::Model {
            id: ctx.new_id(),
            subject_kind: subject.kind(),
            subject_id: subject.id(),
            device,
            created_at: now,
            last_seen_at: now,
            revoked_at: None,
            revoked_reason: None,
        };
        let (refresh_token, tokens) = new_tokens(ctx, subject, session.id)?;
        sessions.push(session);
        refresh_tokens.push(refresh_token);
        opened.push(tokens);
    }
    db::insert_all::<session::Entity>(txn, sessions).await?;
    db::insert_all::<refresh_token::Entity>(txn, refresh_tokens).await?;
    Ok(opened)
}

/// The next pair of tokens of a session. The caller has seen to it that no unused refresh token is left.
pub(super) async fn issue_tokens(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    subject: Subject,
    session_id: SessionId,
) -> Result<Tokens> {
    let (row, tokens) = new_tokens(ctx, subject, session_id)?;
    let row = row.into_active_model();
    refresh_token::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(tokens)
}

fn new_tokens(
    ctx: &Context,
    subject: Subject,
    session_id: SessionId,
) -> Result<(refresh_token::Model, Tokens)> {
    let now = ctx.now();
    let settings = &ctx.settings.sign_in;
    let refresh_token = crypto::random_token();
    let row = refresh_token::Model {
        token_hash: hash(&refresh_token),
        session_id,
        issued_at: now,
        expires_at: now + Duration::seconds(settings.refresh_token_seconds),
        used_at: None,
    };
    let access_token = access_token::issue(ctx, subject, session_id)?;
    Ok((row, Tokens { access_token, refresh_token, expires_in: settings.access_token_seconds, session_id }))
}

/// A refresh token has 256 random bits, so a plain hash hides it.
pub(super) fn hash(refresh_token: &str) -> String {
    crypto::sha256_hex(refresh_token.as_bytes())
}
