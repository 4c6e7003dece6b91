//! Staff read what members tell the shop, answer and close it.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::feedback::{self, FeedbackFilter, HandledFeedback};
use service::ids::{FeedbackId, FeedbackReplyId, StaffId, StoreId};
use service::page::PageRequest;
use service::states::{FeedbackKind, FeedbackState};
use utoipa::{IntoParams, ToSchema};

use super::member_brief::MemberBriefView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct FeedbackQuery {
    state: Option<FeedbackState>,
    /// True: only complaints that wait and whose time is past or ends within 24 hours; the oldest first.
    due: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct ConsoleFeedbackView {
    id: FeedbackId,
    member: Option<MemberBriefView>,
    kind: FeedbackKind,
    /// Empty once its member has left.
    text: String,
    store_id: Option<StoreId>,
    store_name: Option<String>,
    order_no: Option<String>,
    state: FeedbackState,
    /// By when a complaint is to be answered.
    due_at: Option<DateTime<Utc>>,
    /// It still waits and its time is past.
    is_overdue: bool,
    /// The oldest first.
    replies: Vec<FeedbackReplyView>,
    closed_by: Option<StaffId>,
    closed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct FeedbackReplyView {
    id: FeedbackReplyId,
    text: String,
    staff_id: StaffId,
    staff_name: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<feedback::Reply> for FeedbackReplyView {
    fn from(feedback::Reply { row, staff_name }: feedback::Reply) -> Self {
        Self { id: row.id, text: row.text, staff_id: row.staff_id, staff_name, created_at: row.created_at }
    }
}

impl ConsoleFeedbackView {
    fn of(ctx: &Context, handled: HandledFeedback) -> Result<Self, Problem> {
        let HandledFeedback { row, member, store_name, is_overdue, replies } = handled;
        Ok(Self {
            id: row.id,
            member: member.map(|member| MemberBriefView::of(ctx, member)).transpose()?,
            kind: row.kind,
            text: row.text,
            store_id: row.store_id,
            store_name,
            order_no: row.order_no,
            state: row.state,
            due_at: row.due_at,
            is_overdue,
            replies: replies.into_iter().map(Into::into).collect(),
            closed_by: row.closed_by,
            closed_at: row.closed_at,
            created_at: row.created_at,
        })
    }
}

/// What members told the shop, the latest first. Whoever is limited to stores sees what names one of theirs.
#[utoipa::path(
    tag = "console",
    params(FeedbackQuery),
    responses((status = 200, body = PageView<ConsoleFeedbackView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/feedback")]
pub async fn list_feedback(
    ctx: Data<Context>,
    staff: StaffSession<permission::HandleFeedback>,
    query: Query<FeedbackQuery>,
) -> Result<web::Json<PageView<ConsoleFeedbackView>>, Problem> {
    let Query(FeedbackQuery { state, due, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let filter = FeedbackFilter { state, due: due.unwrap_or_default() };
    let page = feedback::list_feedback(&ctx, &staff.0, &filter, &page).await?;
    let items = page.items.into_iter().map(|one| ConsoleFeedbackView::of(&ctx, one));
    Ok(web::Json(PageView { items: items.collect::<Result<_, _>>()?, next_cursor: page.next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackReplyBody {
    #[schema(min_length = 1, max_length = 1000)]
    pub text: String,
}

/// Answers; the member finds it with the feedback and is told in the inbox.
#[utoipa::path(
    tag = "console",
    request_body = FeedbackReplyBody,
    responses((status = 201, body = ConsoleFeedbackView)),
    security(("staff" = [])),
)]
#[post("/v1/console/feedback/{id}/replies")]
pub async fn reply_to_feedback(
    ctx: Data<Context>,
    staff: StaffSession<permission::HandleFeedback>,
    id: Segments<FeedbackId>,
    body: Json<FeedbackReplyBody>,
) -> Result<HttpResponse, Problem> {
    let handled = feedback::reply_to_feedback(&ctx, &staff.0, id.0, &body.0.text).await?;
    Ok(HttpResponse::Created().json(ConsoleFeedbackView::of(&ctx, handled)?))
}

/// Needs no more answer. A complaint has to be answered first.
#[utoipa::path(
    tag = "console",
    responses((status = 200, body = ConsoleFeedbackView)),
    security(("staff" = [])),
)]
#[post("/v1/console/feedback/{id}/close")]
pub async fn close_feedback(
    ctx: Data<Context>,
    staff: StaffSession<permission::HandleFeedback>,
    id: Segments<FeedbackId>,
) -> Result<web::Json<ConsoleFeedbackView>, Problem> {
    let handled = feedback::close_feedback(&ctx, &staff.0, id.0).await?;
    Ok(web::Json(ConsoleFeedbackView::of(&ctx, handled)?))
}
