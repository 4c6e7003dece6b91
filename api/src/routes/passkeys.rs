//! Passkeys: added and removed by a member who is signed in, and signing in with one.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::Context;
use service::identity::passkey::{self, Ceremony, PasskeyRow, RegisterPasskey, SignInByPasskey};
use service::ids::PasskeyId;
use utoipa::ToSchema;

use super::sign_in::SignedInView;
use crate::auth::{Client, MemberSession};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// The first half of a ceremony; good once, for five minutes.
#[derive(Serialize, ToSchema)]
pub struct CeremonyView {
    challenge_id: String,
    /// For `navigator.credentials.create` or `.get`; binary fields are base64url.
    #[schema(value_type = Object)]
    options: Value,
}

impl CeremonyView {
    fn of(ceremony: Ceremony) -> Self {
        Self { challenge_id: ceremony.challenge_id, options: ceremony.options }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    challenge_id: String,
    /// What the member calls the device.
    #[schema(max_length = 40)]
    name: String,
    /// The browser's answer (`PublicKeyCredential.toJSON()`).
    #[schema(value_type = Object)]
    credential: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeySignIn {
    challenge_id: String,
    /// The browser's answer (`PublicKeyCredential.toJSON()`).
    #[schema(value_type = Object)]
    credential: Value,
}

#[derive(Serialize, ToSchema)]
pub struct PasskeyView {
    id: PasskeyId,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    /// Its counter told of a copy; it signs nobody in any more.
    refused: bool,
}

impl PasskeyView {
    fn of(row: PasskeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            refused: row.refused_at.is_some(),
        }
    }
}

/// Begins to add a passkey.
#[utoipa::path(tag = "member", responses((status = 200, body = CeremonyView)), security(("member" = [])))]
#[post("/v1/me/passkeys/challenges")]
pub async fn start_passkey_registration(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<CeremonyView>, Problem> {
    let ceremony = passkey::start_passkey_registration(&ctx, &caller.0).await?;
    Ok(web::Json(CeremonyView::of(ceremony)))
}

/// Adds the passkey that the browser made.
#[utoipa::path(
    tag = "member",
    request_body = NewPasskey,
    responses((status = 201, body = PasskeyView)),
    security(("member" = []))
)]
#[post("/v1/me/passkeys")]
pub async fn register_passkey(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<NewPasskey>,
) -> Result<HttpResponse, Problem> {
    let Json(NewPasskey { challenge_id, name, credential }) = body;
    let command = RegisterPasskey { challenge_id, name, credential };
    let row = passkey::register_passkey(&ctx, &caller.0, command).await?;
    Ok(HttpResponse::Created().json(PasskeyView::of(row)))
}

/// The member's passkeys, newest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<PasskeyView>)),
    security(("member" = []))
)]
#[get("/v1/me/passkeys")]
pub async fn list_passkeys(
    ctx: Data<Context>,
    caller: MemberSession,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<PasskeyView>>, Problem> {
    let page = passkey::list_passkeys(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, PasskeyView::of)))
}

/// Removes a passkey; it signs nobody in any more.
#[utoipa::path(
    tag = "member",
    responses((status = 204, description = "The passkey is gone.")),
    security(("member" = []))
)]
#[delete("/v1/me/passkeys/{id}")]
pub async fn remove_passkey(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<PasskeyId>,
) -> Result<HttpResponse, Problem> {
    passkey::remove_passkey(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Begins to sign in by passkey.
#[utoipa::path(tag = "sign-in", responses((status = 200, body = CeremonyView)))]
#[post("/v1/auth/passkey-challenges")]
pub async fn start_passkey_sign_in(
    ctx: Data<Context>,
    client: Client,
) -> Result<web::Json<CeremonyView>, Problem> {
    let ceremony = passkey::start_passkey_sign_in(&ctx, &client.0).await?;
    Ok(web::Json(CeremonyView::of(ceremony)))
}

/// Signs in by passkey. One whose counter did not rise is refused from then on.
#[utoipa::path(tag = "sign-in", request_body = PasskeySignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/passkeys")]
pub async fn sign_in_by_passkey(
    ctx: Data<Context>,
    client: Client,
    body: Json<PasskeySignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(PasskeySignIn { challenge_id, credential }) = body;
    let command = SignInByPasskey { challenge_id, credential, client: client.0 };
    let signed_in = passkey::sign_in_by_passkey(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}
