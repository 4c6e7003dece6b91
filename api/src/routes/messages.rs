//! The member's side of messages: preferences, consents, inbox.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::consent::{self, Answer, Evidence};
use service::ids::InboxMessageId;
use service::inbox::InboxRow;
use service::preference::{self, Preferences};
use service::states::ConsentKind;
use service::{Context, inbox};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// What the member wishes.
#[utoipa::path(tag = "member", responses((status = 200, body = Preferences)), security(("member" = [])))]
#[get("/v1/me/preferences")]
pub async fn get_preferences(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<Preferences>, Problem> {
    Ok(web::Json(preference::read(&ctx, caller.0.member.id).await?))
}

/// Replaces the member's wishes; holds at once, also for messages that are already queued.
#[utoipa::path(
    tag = "member",
    request_body = Preferences,
    responses((status = 200, body = Preferences)),
    security(("member" = []))
)]
#[put("/v1/me/preferences")]
pub async fn save_preferences(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<Preferences>,
) -> Result<web::Json<Preferences>, Problem> {
    Ok(web::Json(preference::save(&ctx, caller.0.member.id, body.0).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptAnswer {
    Accept,
    Reject,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentReport {
    template_id: String,
    answer: PromptAnswer,
}

#[derive(Serialize, ToSchema)]
pub struct ConsentsView {
    items: Vec<ConsentView>,
}

#[derive(Serialize, ToSchema)]
pub struct ConsentView {
    template_id: String,
    kind: ConsentKind,
    /// Sends left; for a long-term consent 1 while it stands.
    available: i32,
    updated_at: DateTime<Utc>,
}

/// How many sends the member still allows, per template.
#[utoipa::path(tag = "member", responses((status = 200, body = ConsentsView)), security(("member" = [])))]
#[get("/v1/me/consents")]
pub async fn list_consents(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<ConsentsView>, Problem> {
    consents_view(&ctx, &caller).await
}

/// What the mini-program saw of a subscription prompt. Kept as a hint; only the platform's own event counts.
#[utoipa::path(
    tag = "member",
    request_body = ConsentReport,
    responses((status = 200, body = ConsentsView)),
    security(("member" = []))
)]
#[post("/v1/me/consents")]
pub async fn report_consent(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<ConsentReport>,
) -> Result<web::Json<ConsentsView>, Problem> {
    let Json(ConsentReport { template_id, answer }) = body;
    let member_id = caller.0.member.id;
    let answer = match answer {
        PromptAnswer::Accept => Answer::Accept,
        PromptAnswer::Reject => Answer::Reject,
    };
    let evidence = Evidence {
        member_id,
        template_id: &template_id,
        source: "client",
        key: format!("client|{member_id}|{template_id}|{}", ctx.now().timestamp_micros()),
        detail: serde_json::json!({ "session_id": caller.0.session_id }),
    };
    consent::record_hint(&ctx, answer, evidence).await?;
    consents_view(&ctx, &caller).await
}

async fn consents_view(ctx: &Context, caller: &MemberSession) -> Result<web::Json<ConsentsView>, Problem> {
    let rows = consent::ledger_of(ctx, caller.0.member.id).await?;
    let items = rows
        .into_iter()
        .map(|row| ConsentView {
            template_id: row.template_id,
            kind: row.kind,
            available: row.available,
            updated_at: row.updated_at,
        })
        .collect();
    Ok(web::Json(ConsentsView { items }))
}

#[derive(Serialize, ToSchema)]
pub struct InboxView {
    #[serde(flatten)]
    page: PageView<InboxMessageView>,
    unread: u64,
}

#[derive(Serialize, ToSchema)]
pub struct InboxMessageView {
    id: InboxMessageId,
    title: String,
    body: String,
    /// A page of the mini-program.
    page: Option<String>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl InboxMessageView {
    fn of(row: InboxRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            body: row.body,
            page: row.page,
            created_at: row.created_at,
            read_at: row.read_at,
        }
    }
}

/// The member's messages, newest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = InboxView)),
    security(("member" = []))
)]
#[get("/v1/me/inbox")]
pub async fn list_inbox(
    ctx: Data<Context>,
    caller: MemberSession,
    page: Query<PageQuery>,
) -> Result<web::Json<InboxView>, Problem> {
    let member_id = caller.0.member.id;
    let page = inbox::list(&ctx, member_id, &page.0.into()).await?;
    let page = PageView::of(page, InboxMessageView::of);
    Ok(web::Json(InboxView { page, unread: inbox::unread(&ctx, member_id).await? }))
}

/// One message of the member's own. Looking at it does not mark it as read.
#[utoipa::path(tag = "member", responses((status = 200, body = InboxMessageView)), security(("member" = [])))]
#[get("/v1/me/inbox/{id}")]
pub async fn get_inbox_message(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<InboxMessageId>,
) -> Result<web::Json<InboxMessageView>, Problem> {
    let row = inbox::read_one(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(InboxMessageView::of(row)))
}

/// Marks a message as read; again changes nothing.
#[utoipa::path(tag = "member", responses((status = 204)), security(("member" = [])))]
#[post("/v1/me/inbox/{id}/read")]
pub async fn read_inbox_message(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<InboxMessageId>,
) -> Result<HttpResponse, Problem> {
    inbox::mark_read(&ctx, caller.0.member.id, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
