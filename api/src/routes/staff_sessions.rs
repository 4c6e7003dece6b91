//! Staff: the devices on which one is signed in.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service::Context;
use service::ids::SessionId;
use service::session;
use service::staff::{self, StaffSession};
use utoipa::ToSchema;

use crate::auth::AnyStaff;
use crate::input::{Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// A device on which a staff member is signed in.
#[derive(Serialize, ToSchema)]
pub struct StaffSessionView {
    id: SessionId,
    /// E.g. `Windows · Edge`; null when it did not say.
    device: Option<String>,
    created_at: DateTime<Utc>,
    /// When tokens were renewed last.
    last_seen_at: DateTime<Utc>,
    /// The one that asks.
    current: bool,
}

impl StaffSessionView {
    fn of(own: StaffSession) -> Self {
        Self {
            id: own.session.id,
            device: own.session.device.as_deref().map(session::device_label),
            created_at: own.session.created_at,
            last_seen_at: own.session.last_seen_at,
            current: own.current,
        }
    }
}

/// The devices on which one is signed in, newest first.
#[utoipa::path(
    tag = "staff",
    params(PageQuery),
    responses((status = 200, body = PageView<StaffSessionView>)),
    security(("staff" = []))
)]
#[get("/v1/staff/sessions")]
pub async fn list_staff_sessions(
    ctx: Data<Context>,
    staff: AnyStaff,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<StaffSessionView>>, Problem> {
    let page = staff::list_staff_sessions(&ctx, &staff.caller, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, StaffSessionView::of)))
}

/// Signs one of one's own devices out.
#[utoipa::path(
    tag = "staff",
    responses((status = 204, description = "The session has ended.")),
    security(("staff" = []))
)]
#[delete("/v1/staff/sessions/{session_id}")]
pub async fn end_staff_session(
    ctx: Data<Context>,
    staff: AnyStaff,
    id: Segments<SessionId>,
) -> Result<HttpResponse, Problem> {
    staff::end_staff_session(&ctx, &staff.caller, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Signs all of one's other devices out.
#[utoipa::path(
    tag = "staff",
    responses((status = 204, description = "Only the session that asks stands.")),
    security(("staff" = []))
)]
#[delete("/v1/staff/sessions")]
pub async fn end_other_staff_sessions(ctx: Data<Context>, staff: AnyStaff) -> Result<HttpResponse, Problem> {
    staff::end_other_staff_sessions(&ctx, &staff.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
