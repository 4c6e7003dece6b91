//! A signed-in member adds a passkey.

use entity::passkey;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
};
use serde_json::{Value, json};
use webauthn_rs::prelude::{CredentialID, Passkey, PasskeyRegistration, RegisterPublicKeyCredential};

use super::{Ceremony, credential_id, read, relying_party};
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::identity::challenge;
use crate::ids::MemberId;
use crate::member;
use crate::refusal::Refusal;
use crate::session::{self, MemberCaller};
use crate::text;

const KIND: &str = "passkey-registration";
const NAME_CHARACTERS: usize = 40;
/// A member has a few devices, not dozens.
const MOST: u64 = 10;

#[derive(serde::Serialize, serde::Deserialize)]
struct Begun {
    member_id: MemberId,
    state: PasskeyRegistration,
}

/// # Refuses
/// `channel_not_configured`
pub async fn start_passkey_registration(ctx: &Context, caller: &MemberCaller) -> Result<Ceremony> {
    let party = relying_party(ctx)?;
    let member = &caller.member;
    let known = passkeys_of(ctx.db.read(), member.id).await?;
    let known: Vec<CredentialID> =
        known.iter().filter_map(|row| stored(row).ok()).map(|passkey| passkey.cred_id().clone()).collect();
    let name = member.name.as_deref().unwrap_or(&member.card_number);
    let (options, state) = party
        .start_passkey_registration(member.id.0, &member.card_number, name, Some(known))
        .map_err(Error::internal)?;
    let begun = Begun { member_id: member.id, state };
    let challenge_id = challenge::keep(ctx, KIND, &begun).await?;
    let mut options = serde_json::to_value(options).map_err(Error::internal)?;
    // Who signs in names nobody, so the key itself has to know whose it is.
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = json!("required");
    selection["requireResidentKey"] = json!(true);
    Ok(Ceremony { challenge_id, options })
}

pub struct RegisterPasskey {
    pub challenge_id: String,
    /// What the member calls the device.
    pub name: String,
    /// The browser's answer.
    pub credential: Value,
}

/// # Refuses
/// `challenge_expired`, `passkey_invalid`, `passkey_limit_reached`, `channel_not_configured`, `member_disabled`
pub async fn register_passkey(
    ctx: &Context,
    caller: &MemberCaller,
    command: RegisterPasskey,
) -> Result<passkey::Model> {
    let party = relying_party(ctx)?;
    let name = text::line("name", &command.name, NAME_CHARACTERS)?;
    let answer: RegisterPublicKeyCredential = read(command.credential)?;
    let begun: Begun = challenge::take(ctx, KIND, &command.challenge_id).await?;
    if begun.member_id != caller.member.id {
        return Err(Refusal::ChallengeExpired.into());
    }
    let made = party.finish_passkey_registration(&answer, &begun.state);
    let made = made.map_err(|error| refused("registration", &error))?;
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(member::lock_present(&txn, caller.member.id).await?)?;
    let count = passkey::Entity::find().filter(passkey::Column::MemberId.eq(member.id)).count(&txn).await?;
    if count >= MOST {
        return Err(Refusal::PasskeyLimitReached.into());
    }
    let row = passkey::Model {
        id: ctx.new_id(),
        member_id: member.id,
        credential_id: credential_id(made.cred_id()),
        credential: serde_json::to_value(&made).map_err(Error::internal)?,
        name,
        created_at: ctx.now(),
        last_used_at: None,
        refused_at: None,
    };
    let inserted = passkey::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::column(passkey::Column::CredentialId).do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if inserted == 0 {
        return Err(Refusal::PasskeyInvalid.into());
    }
    let act = Act {
        actor: Actor::Member(member.id),
        action: "member.add_passkey",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({ "passkey_id": row.id }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(row)
}

pub(super) fn stored(row: &passkey::Model) -> Result<Passkey> {
    serde_json::from_value(row.credential.clone()).map_err(Error::internal)
}

pub(super) async fn passkeys_of(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Vec<passkey::Model>> {
    Ok(passkey::Entity::find().filter(passkey::Column::MemberId.eq(member_id)).all(connection).await?)
}

/// Why, for whoever looks into a log; who asked learns only that it was not good.
pub(super) fn refused(ceremony: &str, error: &impl std::fmt::Debug) -> Error {
    tracing::info!(ceremony, ?error, "a passkey's answer was refused");
    Refusal::PasskeyInvalid.into()
}
