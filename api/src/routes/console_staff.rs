//! Staff accounts in the console.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{StaffId, StoreId};
use service::staff::{self, ChangeStaff, CreateStaff, StaffRecord};
use service::states::{StaffRole, StaffState};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct StaffView {
    id: StaffId,
    login: String,
    name: String,
    role: StaffRole,
    state: StaffState,
    /// Until then nothing else is permitted.
    must_change_password: bool,
    /// It takes a code too to sign in.
    second_factor: bool,
    /// Until then nothing else is permitted.
    must_turn_on_second_factor: bool,
    /// Empty: all stores.
    store_ids: Vec<StoreId>,
    created_at: DateTime<Utc>,
}

impl StaffView {
    pub fn of(ctx: &Context, StaffRecord { staff, store_ids }: StaffRecord) -> Self {
        Self {
            second_factor: staff.second_factor_at.is_some(),
            must_turn_on_second_factor: staff::second_factor_is_missing(ctx, &staff),
            id: staff.id,
            login: staff.login,
            name: staff.name,
            role: staff.role,
            state: staff.state,
            must_change_password: staff.must_change_password,
            store_ids,
            created_at: staff.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStaff {
    login: String,
    name: String,
    role: StaffRole,
    /// Empty: all stores.
    #[serde(default)]
    store_ids: Vec<StoreId>,
}

/// The account with its one-time password, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct NewStaffView {
    staff: StaffView,
    password: String,
}

/// An absent field stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffChange {
    name: Option<String>,
    role: Option<StaffRole>,
    /// Disabling ends all sessions.
    state: Option<StaffState>,
    /// Empty: all stores.
    store_ids: Option<Vec<StoreId>>,
}

/// Shown this once.
#[derive(Serialize, ToSchema)]
pub struct OneTimePasswordView {
    password: String,
}

/// Accounts, oldest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<StaffView>)),
    security(("staff" = []))
)]
#[get("/v1/console/staff")]
pub async fn list_staff(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadStaff>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<StaffView>>, Problem> {
    let page = staff::list_staff(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, |record| StaffView::of(&ctx, record))))
}

/// Makes an account.
#[utoipa::path(
    tag = "console",
    request_body = NewStaff,
    responses((status = 201, body = NewStaffView)),
    security(("staff" = []))
)]
#[post("/v1/console/staff")]
pub async fn create_staff(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStaff>,
    body: Json<NewStaff>,
) -> Result<HttpResponse, Problem> {
    let Json(NewStaff { login, name, role, store_ids }) = body;
    let created = staff::create_staff(&ctx, &caller.0, CreateStaff { login, name, role, store_ids }).await?;
    let view = NewStaffView { staff: StaffView::of(&ctx, created.record), password: created.password };
    Ok(HttpResponse::Created().json(view))
}

/// Changes name, role, state or stores.
#[utoipa::path(
    tag = "console",
    request_body = StaffChange,
    responses((status = 200, body = StaffView)),
    security(("staff" = []))
)]
#[patch("/v1/console/staff/{id}")]
pub async fn change_staff(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStaff>,
    id: Segments<StaffId>,
    body: Json<StaffChange>,
) -> Result<web::Json<StaffView>, Problem> {
    let Json(StaffChange { name, role, state, store_ids }) = body;
    let change = ChangeStaff { name, role, state, store_ids };
    let record = staff::change_staff(&ctx, &caller.0, id.0, change).await?;
    Ok(web::Json(StaffView::of(&ctx, record)))
}

/// A new one-time password; all sessions of the account end.
#[utoipa::path(
    tag = "console",
    responses((status = 201, body = OneTimePasswordView)),
    security(("staff" = []))
)]
#[post("/v1/console/staff/{id}/password-resets")]
pub async fn reset_password(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStaff>,
    id: Segments<StaffId>,
) -> Result<HttpResponse, Problem> {
    let password = staff::reset_password(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::Created().json(OneTimePasswordView { password }))
}

/// Takes the second factor off for somebody who has lost it; their sessions end.
#[utoipa::path(
    tag = "console",
    responses((status = 204, description = "It is off.")),
    security(("staff" = []))
)]
#[delete("/v1/console/staff/{id}/second-factor")]
pub async fn reset_second_factor(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteStaff>,
    id: Segments<StaffId>,
) -> Result<HttpResponse, Problem> {
    staff::reset_second_factor(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
