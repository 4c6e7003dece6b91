//! Messages that could not be handled: by cause, one by one, replayed or discarded.

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::dead_letter::{self, CauseGroup, DeadLetterRow, remedy};
use service::ids::{DeadLetterId, StaffId};
use service::page::PageRequest;
use service::states::DeadLetterState;
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct CausesView {
    items: Vec<CauseView>,
}

/// Letters that died of one thing.
#[derive(Serialize, ToSchema)]
pub struct CauseView {
    cause: String,
    queue: String,
    job: String,
    /// The reason without what differs from one letter to the next.
    problem: String,
    letters: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    remedy: RemedyView,
}

/// What to fix.
#[derive(Serialize, ToSchema)]
pub struct RemedyView {
    chinese: String,
    english: String,
}

impl RemedyView {
    fn of(remedy: dead_letter::Remedy) -> Self {
        Self { chinese: remedy.chinese.to_owned(), english: remedy.english.to_owned() }
    }
}

impl CauseView {
    fn of(group: CauseGroup) -> Self {
        let CauseGroup { cause, queue, job, problem, letters, first_at, last_at, remedy } = group;
        Self { cause, queue, job, problem, letters, first_at, last_at, remedy: RemedyView::of(remedy) }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DeadLetterView {
    id: DeadLetterId,
    cause: String,
    queue: String,
    job: String,
    message_id: String,
    #[schema(value_type = Object)]
    body: serde_json::Value,
    reason: String,
    attempts: i32,
    state: DeadLetterState,
    died_at: DateTime<Utc>,
    handled_at: Option<DateTime<Utc>>,
    handled_by: Option<StaffId>,
    remedy: RemedyView,
}

impl DeadLetterView {
    fn of(row: DeadLetterRow) -> Self {
        Self {
            remedy: RemedyView::of(remedy(&row.problem)),
            id: row.id,
            cause: row.cause,
            queue: row.queue,
            job: row.job,
            message_id: row.message_id,
            body: row.body,
            reason: row.reason,
            attempts: row.attempts,
            state: row.state,
            died_at: row.died_at,
            handled_at: row.handled_at,
            handled_by: row.handled_by,
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CausesQuery {
    /// `open` unless told.
    state: Option<DeadLetterState>,
}

/// What messages died of, with counts and what to fix; the cause that struck last first.
#[utoipa::path(
    tag = "dead letters",
    params(CausesQuery),
    responses((status = 200, body = CausesView)),
    security(("staff" = []))
)]
#[get("/v1/console/dead-letters")]
pub async fn list_dead_letter_causes(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    query: Query<CausesQuery>,
) -> Result<web::Json<CausesView>, Problem> {
    let state = query.0.state.unwrap_or(DeadLetterState::Open);
    let groups = dead_letter::causes(&ctx, &caller.0, state).await?;
    Ok(web::Json(CausesView { items: groups.into_iter().map(CauseView::of).collect() }))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct LettersQuery {
    /// Every one unless told.
    state: Option<DeadLetterState>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u64>,
}

/// The letters of one cause, newest first.
#[utoipa::path(
    tag = "dead letters",
    params(LettersQuery),
    responses((status = 200, body = PageView<DeadLetterView>)),
    security(("staff" = []))
)]
#[get("/v1/console/dead-letters/causes/{cause}")]
pub async fn list_dead_letters(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    cause: Segments<String>,
    query: Query<LettersQuery>,
) -> Result<web::Json<PageView<DeadLetterView>>, Problem> {
    let Query(LettersQuery { state, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let page = dead_letter::letters(&ctx, &caller.0, &cause.0, state, &page).await?;
    Ok(web::Json(PageView::of(page, DeadLetterView::of)))
}

/// One dead letter.
#[utoipa::path(tag = "dead letters", responses((status = 200, body = DeadLetterView)), security(("staff" = [])))]
#[get("/v1/console/dead-letters/{id}")]
pub async fn get_dead_letter(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    id: Segments<DeadLetterId>,
) -> Result<web::Json<DeadLetterView>, Problem> {
    Ok(web::Json(DeadLetterView::of(dead_letter::find(&ctx, &caller.0, id.0).await?)))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayBody {
    /// In place of the letter's own, for one that can't be decoded; it has to be a job.
    #[schema(value_type = Option<Object>)]
    body: Option<serde_json::Value>,
}

/// Sends a letter's job again. Repeating it sends nothing more.
#[utoipa::path(
    tag = "dead letters",
    request_body = ReplayBody,
    responses((status = 200, body = DeadLetterView)),
    security(("staff" = []))
)]
#[post("/v1/console/dead-letters/{id}/replay")]
pub async fn replay_dead_letter(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    id: Segments<DeadLetterId>,
    body: Json<ReplayBody>,
) -> Result<web::Json<DeadLetterView>, Problem> {
    Ok(web::Json(DeadLetterView::of(dead_letter::replay(&ctx, &caller.0, id.0, body.0.body).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayCauseBody {
    cause: String,
}

#[derive(Serialize, ToSchema)]
pub struct ReplayedCauseView {
    replayed: u64,
    /// These wait for a corrected body.
    undecodable: u64,
}

/// Sends every open letter of a cause again.
#[utoipa::path(
    tag = "dead letters",
    request_body = ReplayCauseBody,
    responses((status = 200, body = ReplayedCauseView)),
    security(("staff" = []))
)]
#[post("/v1/console/dead-letters/replay")]
pub async fn replay_dead_letters(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    body: Json<ReplayCauseBody>,
) -> Result<web::Json<ReplayedCauseView>, Problem> {
    let done = dead_letter::replay_cause(&ctx, &caller.0, &body.0.cause).await?;
    Ok(web::Json(ReplayedCauseView { replayed: done.replayed, undecodable: done.undecodable }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardBody {
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// Gives a letter up for good.
#[utoipa::path(
    tag = "dead letters",
    request_body = DiscardBody,
    responses((status = 200, body = DeadLetterView)),
    security(("staff" = []))
)]
#[post("/v1/console/dead-letters/{id}/discard")]
pub async fn discard_dead_letter(
    ctx: Data<Context>,
    caller: StaffSession<permission::HandleDeadLetters>,
    id: Segments<DeadLetterId>,
    body: Json<DiscardBody>,
) -> Result<web::Json<DeadLetterView>, Problem> {
    Ok(web::Json(DeadLetterView::of(dead_letter::discard(&ctx, &caller.0, id.0, &body.0.reason).await?)))
}
