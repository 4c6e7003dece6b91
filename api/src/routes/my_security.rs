//! How a member gets in: the password, the devices that are signed in, and who tried.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::identity::history::{self, SignInRow};
use service::identity::password::{self, ChangePassword};
use service::ids::{SessionId, SignInEventId};
use service::session::{self, MySession};
use utoipa::ToSchema;

use crate::auth::{Client, MemberSession};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMyPassword {
    /// The one that stands; absent for the first.
    current: Option<String>,
    #[schema(min_length = 10, max_length = 128)]
    new: String,
}

/// A device that is signed in.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    id: SessionId,
    /// E.g. `iPhone · WeChat`; null when it did not say.
    device: Option<String>,
    /// `sms`, `wechat`, `alipay`, `password`, `password_reset`, `passkey`, `soter`; null when it is too long ago.
    method: Option<String>,
    /// A part of it, e.g. `203.0.*.*`.
    address: Option<String>,
    created_at: DateTime<Utc>,
    /// When tokens were renewed last.
    last_seen_at: DateTime<Utc>,
    /// The one that asks.
    current: bool,
}

impl SessionView {
    fn of(mine: MySession) -> Self {
        let (method, address) = mine.sign_in.map(|row| (row.method, row.address)).unzip();
        Self {
            id: mine.session.id,
            device: mine.session.device.as_deref().map(session::device_label),
            method,
            address,
            created_at: mine.session.created_at,
            last_seen_at: mine.session.last_seen_at,
            current: mine.current,
        }
    }
}

/// A try to sign in.
#[derive(Serialize, ToSchema)]
pub struct SignInView {
    id: SignInEventId,
    /// As in the sessions.
    method: String,
    /// `signed_in`, or the code of the refusal.
    outcome: String,
    device: Option<String>,
    address: String,
    created_at: DateTime<Utc>,
}

impl SignInView {
    fn of(row: SignInRow) -> Self {
        Self {
            id: row.id,
            method: row.method,
            outcome: row.outcome,
            device: row.device.as_deref().map(session::device_label),
            address: row.address,
            created_at: row.created_at,
        }
    }
}

/// Sets or changes the password; a phone must be proven, and other sessions end.
#[utoipa::path(
    tag = "member",
    request_body = ChangeMyPassword,
    responses((status = 204, description = "The password is changed.")),
    security(("member" = []))
)]
#[put("/v1/me/password")]
pub async fn change_my_password(
    ctx: Data<Context>,
    caller: MemberSession,
    client: Client,
    body: Json<ChangeMyPassword>,
) -> Result<HttpResponse, Problem> {
    let Json(ChangeMyPassword { current, new }) = body;
    password::change_password(&ctx, &caller.0, ChangePassword { current, new, client: client.0 }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The devices that are signed in, newest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<SessionView>)),
    security(("member" = []))
)]
#[get("/v1/me/sessions")]
pub async fn list_my_sessions(
    ctx: Data<Context>,
    caller: MemberSession,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<SessionView>>, Problem> {
    let page = session::list_sessions(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, SessionView::of)))
}

/// Signs one device out.
#[utoipa::path(
    tag = "member",
    responses((status = 204, description = "The session has ended.")),
    security(("member" = []))
)]
#[delete("/v1/me/sessions/{id}")]
pub async fn end_my_session(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<SessionId>,
) -> Result<HttpResponse, Problem> {
    session::end_session(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Signs all other devices out.
#[utoipa::path(
    tag = "member",
    responses((status = 204, description = "Only the session that asks stands.")),
    security(("member" = []))
)]
#[delete("/v1/me/sessions")]
pub async fn end_my_other_sessions(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<HttpResponse, Problem> {
    session::end_other_sessions(&ctx, &caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Who signed in or tried to, newest first; kept for 180 days.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<SignInView>)),
    security(("member" = []))
)]
#[get("/v1/me/sign-ins")]
pub async fn list_my_sign_ins(
    ctx: Data<Context>,
    caller: MemberSession,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<SignInView>>, Problem> {
    let page = history::list_sign_ins(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, SignInView::of)))
}
