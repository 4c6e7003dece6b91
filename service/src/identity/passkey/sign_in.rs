//! Signing in by passkey: the browser knows which one, so nobody types who they are.

use entity::passkey;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential, WebauthnError};

use super::register::{refused, stored};
use super::{Ceremony, credential_id, read, relying_party};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::identity::SignedIn;
use crate::identity::challenge;
use crate::identity::history::{self, Method};
use crate::member;
use crate::refusal::Refusal;
use crate::session::{self, Client};

const KIND: &str = "passkey-sign-in";

/// # Refuses
/// `channel_not_configured`
pub async fn start_passkey_sign_in(ctx: &Context, client: &Client) -> Result<Ceremony> {
    count_attempt(ctx, &client.address).await?;
    let (mut options, state) =
        relying_party(ctx)?.start_discoverable_authentication().map_err(Error::internal)?;
    // Asked for by a button too, and not only filled into a form.
    options.mediation = None;
    let challenge_id = challenge::keep(ctx, KIND, &state).await?;
    Ok(Ceremony { challenge_id, options: serde_json::to_value(options).map_err(Error::internal)? })
}

pub struct SignInByPasskey {
    pub challenge_id: String,
    /// The browser's answer.
    pub credential: Value,
    pub client: Client,
}

/// # Refuses
/// `challenge_expired`, `passkey_invalid`, `passkey_cloned`, `member_disabled`, `channel_not_configured`
pub async fn sign_in_by_passkey(ctx: &Context, command: SignInByPasskey) -> Result<SignedIn> {
    count_attempt(ctx, &command.client.address).await?;
    let answer: PublicKeyCredential = read(command.credential)?;
    let state: DiscoverableAuthentication = challenge::take(ctx, KIND, &command.challenge_id).await?;
    let id = credential_id(answer.get_credential_id());
    let known = by_credential(&id).one(ctx.db.read()).await?.ok_or(Refusal::PasskeyInvalid)?;
    let member_id = known.member_id;
    match verified(ctx, (known, state), &answer, &command.client).await {
        Err(error) => {
            let told = (Method::Passkey, error);
            Err(history::refused(ctx, Some(member_id), told, &command.client).await?)
        }
        signed_in => signed_in,
    }
}

async fn verified(
    ctx: &Context,
    (known, state): (passkey::Model, DiscoverableAuthentication),
    answer: &PublicKeyCredential,
    client: &Client,
) -> Result<SignedIn> {
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(member::lock_present(&txn, known.member_id).await?)?;
    let row = by_credential(&known.credential_id).lock_exclusive().one(&txn).await?;
    let row = row.ok_or(Refusal::PasskeyInvalid)?;
    if row.refused_at.is_some() {
        return Err(Refusal::PasskeyCloned.into());
    }
    let mut passkey = stored(&row)?;
    match relying_party(ctx)?.finish_discoverable_authentication_v2(answer, state, &passkey) {
        Ok(result) => {
            passkey.update_credential(&result);
            let credential = serde_json::to_value(&passkey).map_err(Error::internal)?;
            write(&txn, &row, (passkey::Column::Credential, Expr::value(credential))).await?;
            write(&txn, &row, (passkey::Column::LastUsedAt, Expr::value(ctx.now()))).await?;
            let tokens = history::open_session(ctx, &txn, (member.id, Method::Passkey), client).await?;
            txn.commit().await?;
            Ok(SignedIn { tokens, member, enrolled: false })
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            write(&txn, &row, (passkey::Column::RefusedAt, Expr::value(ctx.now()))).await?;
            txn.commit().await?;
            tracing::warn!(passkey_id = %row.id, "a passkey's counter did not rise; it is refused from now on");
            Err(Refusal::PasskeyCloned.into())
        }
        Err(error) => Err(refused("sign-in", &error)),
    }
}

fn by_credential(id: &str) -> sea_orm::Select<passkey::Entity> {
    passkey::Entity::find().filter(passkey::Column::CredentialId.eq(id))
}

async fn write(
    txn: &impl ConnectionTrait,
    row: &passkey::Model,
    (column, value): (passkey::Column, Expr),
) -> Result<()> {
    passkey::Entity::update_many()
        .col_expr(column, value)
        .filter(passkey::Column::Id.eq(row.id))
        .exec(txn)
        .await?;
    Ok(())
}
