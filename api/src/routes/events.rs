//! What members do in the mini-program, from who agreed to it.

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::Context;
use service::behaviour::{self, MemberEventRow, NewEvent};
use service::ids::{MemberEventId, MemberId};
use utoipa::ToSchema;

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBatch {
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<EventBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// The client's own; the same one again is the same event.
    #[schema(max_length = 64)]
    id: String,
    /// E.g. `page_view`, `page_leave`.
    #[schema(max_length = 40)]
    name: String,
    #[schema(max_length = 200)]
    page: Option<String>,
    /// Within the last 7 days.
    at: DateTime<Utc>,
    #[schema(minimum = 0, maximum = 86_400_000)]
    duration_ms: Option<i64>,
    /// At most 1,000 bytes.
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

impl EventBody {
    fn into_event(self) -> NewEvent {
        let Self { id, name, page, at, duration_ms, detail } = self;
        NewEvent { id, name, page, at, duration_ms, detail }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RecordedEventsView {
    /// Those that were not known before.
    recorded: u64,
}

#[derive(Serialize, ToSchema)]
pub struct MemberEventView {
    id: MemberEventId,
    name: String,
    page: Option<String>,
    at: DateTime<Utc>,
    duration_ms: Option<i64>,
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

impl MemberEventView {
    fn of(row: MemberEventRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            page: row.page,
            at: row.at,
            duration_ms: row.duration_ms,
            detail: row.detail,
        }
    }
}

/// Keeps what the member did, in batches; all of it or nothing. Refused without the member's consent (`behaviour_consent`).
#[utoipa::path(
    tag = "member",
    request_body = EventBatch,
    responses((status = 200, body = RecordedEventsView)),
    security(("member" = []))
)]
#[post("/v1/me/events")]
pub async fn record_events(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<EventBatch>,
) -> Result<web::Json<RecordedEventsView>, Problem> {
    let events = body.0.events.into_iter().map(EventBody::into_event).collect();
    let recorded = behaviour::record_events(&ctx, &caller.0, events).await?;
    Ok(web::Json(RecordedEventsView { recorded }))
}

/// What a member did, the latest received first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<MemberEventView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members/{id}/events")]
pub async fn list_member_events(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<MemberEventView>>, Problem> {
    let page = behaviour::list_member_events(&ctx, &caller.0, id.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, MemberEventView::of)))
}
