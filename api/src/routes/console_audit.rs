//! The audit log in the console.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::audit::{self, AuditFilter, AuditRow};
use service::ids::AuditEntryId;
use service::page::PageRequest;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::{StaffSession, permission};
use crate::input::Query;
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    actor_id: Option<Uuid>,
    /// `noun.verb`, e.g. `staff.create`.
    action: Option<String>,
    /// e.g. `member`
    subject_kind: Option<String>,
    subject_id: Option<String>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditEntryView {
    id: AuditEntryId,
    /// `member`, `staff` or `system`
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    subject_kind: String,
    subject_id: String,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    request_id: Option<String>,
    created_at: DateTime<Utc>,
}

impl AuditEntryView {
    fn of(entry: AuditRow) -> Self {
        Self {
            id: entry.id,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject_id: entry.subject_id,
            detail: entry.detail,
            request_id: entry.request_id,
            created_at: entry.created_at,
        }
    }
}

/// Who did what to whom, newest first.
#[utoipa::path(
    tag = "console",
    params(AuditQuery),
    responses((status = 200, body = PageView<AuditEntryView>)),
    security(("staff" = []))
)]
#[get("/v1/console/audit")]
pub async fn list_audit(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadAudit>,
    query: Query<AuditQuery>,
) -> Result<web::Json<PageView<AuditEntryView>>, Problem> {
    let Query(AuditQuery { actor_id, action, subject_kind, subject_id, cursor, limit }) = query;
    let filter = AuditFilter { actor_id, subject_kind, subject_id, action };
    let page = audit::list_audit(&ctx, &caller.0, filter, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(PageView::of(page, AuditEntryView::of)))
}
