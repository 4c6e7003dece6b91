//! Staff: signing in, one's own account and password.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use service::Context;
use service::staff::{self, SignInStaff};
use utoipa::ToSchema;

use super::console_staff::StaffView;
use super::sign_in::SignedInView;
use crate::auth::{AnyStaff, Client};
use crate::input::Json;
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffSignIn {
    login: String,
    password: String,
    /// Six digits of the authenticator app, or a recovery code; needed when the account has a second factor.
    second_factor: Option<String>,
    /// Where a browser keeps the refresh token; absent: the answer holds it.
    keep: Option<KeptIn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeptIn {
    /// A cookie that no script reads, sent to the paths below `/v1/auth` alone; `refresh_token` is null.
    Cookie,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    current: String,
    /// At least 10 characters.
    new: String,
}

/// Signs staff in; `second_factor_required` asks for the same with `second_factor`.
#[utoipa::path(tag = "staff", request_body = StaffSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/staff/auth")]
pub async fn sign_in_staff(
    ctx: Data<Context>,
    client: Client,
    request: HttpRequest,
    body: Json<StaffSignIn>,
) -> Result<HttpResponse, Problem> {
    let Json(StaffSignIn { login, password, second_factor, keep }) = body;
    let command = SignInStaff { login, password, second_factor, client: client.0 };
    let signed_in = staff::sign_in_staff(&ctx, command).await?;
    let record = staff::get_staff(&ctx, signed_in.staff.id).await?;
    let view = SignedInView::of_staff(signed_in.tokens, StaffView::of(&ctx, record));
    view.answer(&ctx, &request, keep.is_some())
}

/// The signed-in staff member, also before a one-time password is changed.
#[utoipa::path(tag = "staff", responses((status = 200, body = StaffView)), security(("staff" = [])))]
#[get("/v1/staff/me")]
pub async fn get_staff_me(ctx: Data<Context>, staff: AnyStaff) -> web::Json<StaffView> {
    web::Json(StaffView::of(&ctx, staff.record))
}

/// Changes one's own password and ends one's other sessions.
#[utoipa::path(
    tag = "staff",
    request_body = ChangePassword,
    responses((status = 204, description = "The password is changed.")),
    security(("staff" = []))
)]
#[post("/v1/staff/password")]
pub async fn change_password(
    ctx: Data<Context>,
    staff: AnyStaff,
    body: Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    staff::change_password(&ctx, &staff.caller, &body.0.current, &body.0.new).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What an authenticator app is told, this once.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorView {
    /// Base32, for typing.
    secret: String,
    /// For a QR code.
    #[schema(example = "otpauth://totp/brand:login?secret=...&issuer=brand")]
    uri: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorCode {
    /// Six digits of the authenticator app; a recovery code will do where the second factor is on.
    code: String,
}

/// Each good once, instead of a code of the app. Shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesView {
    recovery_codes: Vec<String>,
}

/// Prepares a second factor for oneself; it is on once a code of it is confirmed.
#[utoipa::path(tag = "staff", responses((status = 200, body = SecondFactorView)), security(("staff" = [])))]
#[post("/v1/staff/second-factor")]
pub async fn prepare_second_factor(
    ctx: Data<Context>,
    staff: AnyStaff,
) -> Result<web::Json<SecondFactorView>, Problem> {
    let prepared = staff::prepare_second_factor(&ctx, &staff.caller).await?;
    Ok(web::Json(SecondFactorView { secret: prepared.secret, uri: prepared.uri }))
}

/// Turns the prepared second factor on and ends one's other sessions.
#[utoipa::path(
    tag = "staff",
    request_body = SecondFactorCode,
    responses((status = 200, body = RecoveryCodesView)),
    security(("staff" = []))
)]
#[post("/v1/staff/second-factor/confirmation")]
pub async fn confirm_second_factor(
    ctx: Data<Context>,
    staff: AnyStaff,
    body: Json<SecondFactorCode>,
) -> Result<web::Json<RecoveryCodesView>, Problem> {
    let recovery_codes = staff::confirm_second_factor(&ctx, &staff.caller, &body.0.code).await?;
    Ok(web::Json(RecoveryCodesView { recovery_codes }))
}

/// Takes one's own second factor off.
#[utoipa::path(
    tag = "staff",
    request_body = SecondFactorCode,
    responses((status = 204, description = "It is off.")),
    security(("staff" = []))
)]
#[post("/v1/staff/second-factor/removal")]
pub async fn remove_second_factor(
    ctx: Data<Context>,
    staff: AnyStaff,
    body: Json<SecondFactorCode>,
) -> Result<HttpResponse, Problem> {
    staff::remove_second_factor(&ctx, &staff.caller, &body.0.code).await?;
    Ok(HttpResponse::NoContent().finish())
}
