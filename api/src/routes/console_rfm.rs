//! What buyers are worth: runs of a day, and the class of a member.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{MemberId, RfmRunId};
use service::rfm::rules::RfmResult;
use service::rfm::{self, RfmRequest, Run, RunRow, ValueOfMember};
use service::states::{LifecycleStage, RunState, ValueClass};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RfmRequestBody {
    /// A day of the shop that is over; yesterday when absent.
    pub as_of: Option<NaiveDate>,
    /// Purchases of so many months up to it; those of the settings when absent.
    #[schema(minimum = 1, maximum = 60)]
    pub window_months: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub struct RfmRunBriefView {
    pub id: RfmRunId,
    pub as_of: NaiveDate,
    pub window_months: i32,
    pub state: RunState,
    /// The classes of the members are this run's.
    pub standing: bool,
    pub created_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

impl From<RunRow> for RfmRunBriefView {
    fn from(row: RunRow) -> Self {
        Self {
            id: row.id,
            as_of: row.as_of,
            window_months: row.window_months,
            state: row.state,
            standing: row.standing,
            created_at: row.created_at,
            completed_at: row.completed_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RfmRunView {
    pub run: RfmRunBriefView,
    /// Null until it is complete.
    pub result: Option<RfmResult>,
}

impl From<Run> for RfmRunView {
    fn from(run: Run) -> Self {
        Self { run: run.row.into(), result: run.result }
    }
}

/// Asks for the run of a day, which a worker computes. One that was asked for before is answered as it is.
#[utoipa::path(
    tag = "analyses",
    request_body = RfmRequestBody,
    responses((status = 202, body = RfmRunView)),
    security(("staff" = [])),
)]
#[post("/v1/console/rfm-runs")]
pub async fn compute_rfm(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    body: Json<RfmRequestBody>,
) -> Result<HttpResponse, Problem> {
    let RfmRequestBody { as_of, window_months } = body.0;
    let run = rfm::compute_rfm(&ctx, &staff.0, RfmRequest { as_of, window_months }).await?;
    Ok(HttpResponse::Accepted().json(RfmRunView::from(run)))
}

/// The runs, the latest that was asked for first.
#[utoipa::path(
    tag = "analyses",
    params(PageQuery),
    responses((status = 200, body = PageView<RfmRunBriefView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/rfm-runs")]
pub async fn list_rfm_runs(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<RfmRunBriefView>>, Problem> {
    let page = rfm::list_runs(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, RfmRunBriefView::from)))
}

/// A run with its cut points, classes, stages and grid.
#[utoipa::path(tag = "analyses", responses((status = 200, body = RfmRunView)), security(("staff" = [])))]
#[get("/v1/console/rfm-runs/{id}")]
pub async fn get_rfm_run(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    id: Segments<RfmRunId>,
) -> Result<web::Json<RfmRunView>, Problem> {
    Ok(web::Json(rfm::find_run(&ctx, &staff.0, id.0).await?.into()))
}

/// By the run that stands.
#[derive(Serialize, ToSchema)]
pub struct MemberValueView {
    /// Null: no run stands yet.
    pub as_of: Option<NaiveDate>,
    pub window_months: Option<i32>,
    /// Null: had bought nothing that was kept.
    pub stage: Option<LifecycleStage>,
    /// Null also for who bought nothing within the window.
    pub value_class: Option<ValueClass>,
    pub recency_days: Option<i32>,
    /// Purchases within the window, and what was paid for them.
    pub frequency: Option<i64>,
    pub money_fen: Option<i64>,
    /// 1 to 5.
    pub recency_score: Option<i32>,
    /// Null also for who bought once.
    pub frequency_score: Option<i32>,
    pub money_score: Option<i32>,
}

impl From<Option<ValueOfMember>> for MemberValueView {
    fn from(found: Option<ValueOfMember>) -> Self {
        let (run, value) = found.map(|found| (found.run, found.value)).unzip();
        let value = value.flatten();
        let of = value.as_ref();
        Self {
            as_of: run.as_ref().map(|run| run.as_of),
            window_months: run.map(|run| run.window_months),
            stage: of.map(|value| value.stage),
            value_class: of.and_then(|value| value.value_class),
            recency_days: of.map(|value| value.recency_days),
            frequency: of.map(|value| value.frequency),
            money_fen: of.map(|value| value.money_fen),
            recency_score: of.and_then(|value| value.recency_score),
            frequency_score: of.and_then(|value| value.frequency_score),
            money_score: of.and_then(|value| value.money_score),
        }
    }
}

/// What a member is worth, with the day that it was told of.
#[utoipa::path(tag = "analyses", responses((status = 200, body = MemberValueView)), security(("staff" = [])))]
#[get("/v1/console/members/{id}/value")]
pub async fn get_member_value(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<MemberValueView>, Problem> {
    Ok(web::Json(rfm::value_of_member(&ctx, &staff.0, id.0).await?.into()))
}
