//! Members tell the shop something and read its answers.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::feedback::{self, MyFeedback, NewFeedback};
use service::ids::{FeedbackId, FeedbackReplyId, StoreId};
use service::states::{FeedbackKind, FeedbackState};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::input::{Json, Query};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    pub kind: FeedbackKind,
    #[schema(min_length = 1, max_length = 1000)]
    pub text: String,
    /// The store that it is about.
    pub store_id: Option<StoreId>,
    /// The order that it is about.
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FeedbackView {
    pub id: FeedbackId,
    pub kind: FeedbackKind,
    pub text: String,
    pub store_id: Option<StoreId>,
    pub store_name: Option<String>,
    pub order_no: Option<String>,
    pub state: FeedbackState,
    /// By when a complaint is to be answered.
    pub due_at: Option<DateTime<Utc>>,
    /// The shop's answers, the oldest first.
    pub replies: Vec<FeedbackAnswerView>,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct FeedbackAnswerView {
    pub id: FeedbackReplyId,
    pub text: String,
    pub created_at: DateTime<Utc>,
}

impl From<MyFeedback> for FeedbackView {
    fn from(MyFeedback { row, store_name, replies }: MyFeedback) -> Self {
        let reply = |reply: feedback::ReplyRow| FeedbackAnswerView {
            id: reply.id,
            text: reply.text,
            created_at: reply.created_at,
        };
        Self {
            id: row.id,
            kind: row.kind,
            text: row.text,
            store_id: row.store_id,
            store_name,
            order_no: row.order_no,
            state: row.state,
            due_at: row.due_at,
            replies: replies.into_iter().map(reply).collect(),
            created_at: row.created_at,
        }
    }
}

/// Tells the shop something. The same words again, while nobody has answered them, are taken once.
#[utoipa::path(
    tag = "member",
    request_body = FeedbackBody,
    responses((status = 201, body = FeedbackView)),
    security(("member" = [])),
)]
#[post("/v1/me/feedback")]
pub async fn send_feedback(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<FeedbackBody>,
) -> Result<HttpResponse, Problem> {
    let FeedbackBody { kind, text, store_id, order_no } = body.0;
    let new = NewFeedback { kind, text, store_id, order_no };
    let sent = feedback::send_feedback(&ctx, caller.0.member.id, new).await?;
    Ok(HttpResponse::Created().json(FeedbackView::from(sent)))
}

/// What the member told the shop, with its answers; the latest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<FeedbackView>)),
    security(("member" = [])),
)]
#[get("/v1/me/feedback")]
pub async fn list_my_feedback(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<FeedbackView>>, Problem> {
    let page = feedback::list_my_feedback(&ctx, caller.0.member.id, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, FeedbackView::from)))
}
