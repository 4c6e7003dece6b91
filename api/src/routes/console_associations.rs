//! Which goods go together: runs of a day, and what is left out of the baskets.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::association::{self, AssociationRequest, AssociationResult, Exclusions, Grain, Parameters, Run};
use service::ids::AssociationRunId;
use service::states::RunState;
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssociationRequestBody {
    /// A day of the shop that is over; yesterday when absent.
    pub as_of: Option<NaiveDate>,
    /// Days up to it, 90 when absent.
    #[schema(minimum = 1, maximum = 400)]
    pub window_days: Option<i64>,
    /// Products when absent.
    pub grain: Option<Grain>,
    /// Of all baskets, in ten-thousandths; 50 when absent.
    #[schema(minimum = 1, maximum = 10_000)]
    pub min_support_per_10000: Option<i64>,
    /// Baskets that hold everything a rule names, 5 when absent.
    #[schema(minimum = 2, maximum = 1_000_000)]
    pub min_count: Option<i64>,
    /// 20 when absent.
    #[schema(minimum = 1, maximum = 100)]
    pub min_confidence_percent: Option<i64>,
}

impl From<AssociationRequestBody> for AssociationRequest {
    fn from(body: AssociationRequestBody) -> Self {
        let usual = Self::default();
        Self {
            as_of: body.as_of,
            window_days: body.window_days.unwrap_or(usual.window_days),
            grain: body.grain.unwrap_or(usual.grain),
            min_support_per_10000: body.min_support_per_10000.unwrap_or(usual.min_support_per_10000),
            min_count: body.min_count.unwrap_or(usual.min_count),
            min_confidence_percent: body.min_confidence_percent.unwrap_or(usual.min_confidence_percent),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AssociationRunBriefView {
    pub id: AssociationRunId,
    pub as_of: NaiveDate,
    pub parameters: Parameters,
    pub state: RunState,
    pub created_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Null until it is complete.
    pub baskets: Option<i64>,
    pub found: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct AssociationRunView {
    pub run: AssociationRunBriefView,
    /// Null until it is complete.
    pub result: Option<AssociationResult>,
}

impl From<&Run> for AssociationRunBriefView {
    fn from(run: &Run) -> Self {
        Self {
            id: run.row.id,
            as_of: run.row.as_of,
            parameters: run.parameters.clone(),
            state: run.row.state,
            created_at: run.row.created_at,
            completed_at: run.row.completed_at,
            baskets: run.result.as_ref().map(|result| result.baskets),
            found: run.result.as_ref().map(|result| result.found),
        }
    }
}

impl From<Run> for AssociationRunView {
    fn from(run: Run) -> Self {
        Self { run: (&run).into(), result: run.result }
    }
}

/// Asks which goods went together up to a day; a worker finds it. What was asked before is answered as it is.
#[utoipa::path(
    tag = "analyses",
    request_body = AssociationRequestBody,
    responses((status = 202, body = AssociationRunView)),
    security(("staff" = [])),
)]
#[post("/v1/console/association-runs")]
pub async fn find_associations(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    body: Json<AssociationRequestBody>,
) -> Result<HttpResponse, Problem> {
    let run = association::find_associations(&ctx, &staff.0, body.0.into()).await?;
    Ok(HttpResponse::Accepted().json(AssociationRunView::from(run)))
}

/// The runs, the latest that was asked for first.
#[utoipa::path(
    tag = "analyses",
    params(PageQuery),
    responses((status = 200, body = PageView<AssociationRunBriefView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/association-runs")]
pub async fn list_association_runs(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<AssociationRunBriefView>>, Problem> {
    let page = association::list_runs(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, |run| AssociationRunBriefView::from(&run))))
}

/// A run with its rules.
#[utoipa::path(tag = "analyses", responses((status = 200, body = AssociationRunView)), security(("staff" = [])))]
#[get("/v1/console/association-runs/{id}")]
pub async fn get_association_run(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    id: Segments<AssociationRunId>,
) -> Result<web::Json<AssociationRunView>, Problem> {
    Ok(web::Json(association::find_run(&ctx, &staff.0, id.0).await?.into()))
}

/// What is left out of the baskets.
#[utoipa::path(tag = "analyses", responses((status = 200, body = Exclusions)), security(("staff" = [])))]
#[get("/v1/console/association-exclusions")]
pub async fn get_association_exclusions(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
) -> Result<web::Json<Exclusions>, Problem> {
    Ok(web::Json(association::read_exclusions(&ctx, &staff.0).await?))
}

/// Sets what is left out of the baskets of runs that are asked for from now on.
#[utoipa::path(
    tag = "analyses",
    request_body = Exclusions,
    responses((status = 200, body = Exclusions)),
    security(("staff" = [])),
)]
#[put("/v1/console/association-exclusions")]
pub async fn save_association_exclusions(
    ctx: Data<Context>,
    staff: StaffSession<permission::AnalyseMembers>,
    body: Json<Exclusions>,
) -> Result<web::Json<Exclusions>, Problem> {
    Ok(web::Json(association::save_exclusions(&ctx, &staff.0, body.0).await?))
}
