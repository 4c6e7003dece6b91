//! Staff: signing in, one's own account and password.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Deserialize;
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

/// Signs staff in.
#[utoipa::path(tag = "staff", request_body = StaffSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/staff/auth")]
pub async fn sign_in_staff(
    ctx: Data<Context>,
    client: Client,
    request: HttpRequest,
    body: Json<StaffSignIn>,
) -> Result<HttpResponse, Problem> {
    let Json(StaffSignIn { login, password, keep }) = body;
    let signed_in = staff::sign_in_staff(&ctx, SignInStaff { login, password, client: client.0 }).await?;
    let record = staff::get_staff(&ctx, signed_in.staff.id).await?;
    let view = SignedInView::of_staff(signed_in.tokens, StaffView::of(record));
    view.answer(&ctx, &request, keep.is_some())
}

/// The signed-in staff member, also before a one-time password is changed.
#[utoipa::path(tag = "staff", responses((status = 200, body = StaffView)), security(("staff" = [])))]
#[get("/v1/staff/me")]
pub async fn get_staff_me(staff: AnyStaff) -> web::Json<StaffView> {
    web::Json(StaffView::of(staff.record))
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
