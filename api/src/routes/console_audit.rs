//! The audit log in the console.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::audit::{self, AuditFilter, AuditLine};
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
    /// `member`, `staff` or `system`
    actor_kind: Option<String>,
    actor_id: Option<Uuid>,
    since: Option<DateTime<Utc>>,
    /// Until before then.
    until: Option<DateTime<Utc>>,
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
    /// Of staff their name, of a member the card's number.
    actor_name: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: String,
    /// What it is called; of a member the card's number.
    subject_name: Option<String>,
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    request_id: Option<String>,
    created_at: DateTime<Utc>,
}

impl AuditEntryView {
    fn of(AuditLine { entry, actor_name, subject_name }: AuditLine) -> Self {
        Self {
            actor_name,
            subject_name,
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
    let Query(query) = query;
    let filter = AuditFilter {
        actor_id: query.actor_id,
        actor_kind: query.actor_kind,
        since: query.since,
        until: query.until,
        subject_kind: query.subject_kind,
        subject_id: query.subject_id,
        action: query.action,
    };
    let page =
        audit::list_audit(&ctx, &caller.0, filter, &PageRequest { cursor: query.cursor, limit: query.limit })
            .await?;
    Ok(web::Json(PageView::of(page, AuditEntryView::of)))
}
