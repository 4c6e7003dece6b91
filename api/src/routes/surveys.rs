//! Surveys: members answer them for points, the console asks the questions.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::SurveyId;
use service::points::{self, Question, SurveyForm, SurveyRow};
use service::states::PublicationState;
use utoipa::ToSchema;

use super::points::GivenPointsView;
use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct OpenSurveysView {
    pub items: Vec<OpenSurveyView>,
}

#[derive(Serialize, ToSchema)]
pub struct OpenSurveyView {
    pub id: SurveyId,
    pub name: String,
    pub questions: Vec<Question>,
    pub points: i64,
    pub open_until: Option<DateTime<Utc>>,
}

/// The surveys that the member can answer now.
#[utoipa::path(tag = "member", responses((status = 200, body = OpenSurveysView)), security(("member" = [])))]
#[get("/v1/me/surveys")]
pub async fn list_open_surveys(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<OpenSurveysView>, Problem> {
    let mut items = Vec::new();
    for row in points::open_surveys(&ctx, caller.0.member.id).await? {
        let questions = points::questions(&row)?;
        let (id, name, points, open_until) = (row.id, row.name, row.points, row.open_until);
        items.push(OpenSurveyView { id, name, questions, points, open_until });
    }
    Ok(web::Json(OpenSurveysView { items }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersBody {
    /// One for each question, in their order.
    #[schema(max_items = 30)]
    pub answers: Vec<String>,
}

/// Answers a survey, once.
#[utoipa::path(
    tag = "member",
    request_body = AnswersBody,
    responses((status = 201, body = GivenPointsView)),
    security(("member" = [])),
)]
#[post("/v1/me/surveys/{id}/answers")]
pub async fn answer_survey(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<SurveyId>,
    body: Json<AnswersBody>,
) -> Result<HttpResponse, Problem> {
    let points = points::answer_survey(&ctx, caller.0.member.id, id.0, &body.0.answers).await?;
    Ok(HttpResponse::Created().json(GivenPointsView { points }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyBody {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[schema(min_items = 1, max_items = 30)]
    pub questions: Vec<Question>,
    #[schema(minimum = 0, maximum = 100_000)]
    pub points: i64,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub state: PublicationState,
}

impl From<SurveyBody> for SurveyForm {
    fn from(body: SurveyBody) -> Self {
        Self {
            name: body.name,
            questions: body.questions,
            points: body.points,
            open_from: body.open_from,
            open_until: body.open_until,
            state: body.state,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SurveyView {
    pub id: SurveyId,
    pub name: String,
    pub questions: Vec<Question>,
    pub points: i64,
    pub state: PublicationState,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    /// Members who have answered; null where it was not asked for.
    pub answers: Option<u64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl SurveyView {
    fn of(row: SurveyRow, answers: Option<u64>) -> Self {
        Self {
            questions: points::questions(&row).unwrap_or_default(),
            id: row.id,
            name: row.name,
            points: row.points,
            state: row.state,
            open_from: row.open_from,
            open_until: row.open_until,
            answers,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All surveys, the latest first, with the number of their answers.
#[utoipa::path(
    tag = "points",
    params(PageQuery),
    responses((status = 200, body = PageView<SurveyView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/surveys")]
pub async fn list_surveys(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<SurveyView>>, Problem> {
    let page = points::list_surveys(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, |one| SurveyView::of(one.survey, Some(one.answers)))))
}

/// A new survey.
#[utoipa::path(
    tag = "points",
    request_body = SurveyBody,
    responses((status = 201, body = SurveyView)),
    security(("staff" = [])),
)]
#[post("/v1/console/surveys")]
pub async fn create_survey(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<SurveyBody>,
) -> Result<HttpResponse, Problem> {
    let row = points::save_survey(&ctx, &staff.0, None, body.0.into()).await?;
    Ok(HttpResponse::Created().json(SurveyView::of(row, None)))
}

/// Replaces a survey. Once somebody has answered, its questions stay.
#[utoipa::path(
    tag = "points",
    request_body = SurveyBody,
    responses((status = 200, body = SurveyView)),
    security(("staff" = [])),
)]
#[put("/v1/console/surveys/{id}")]
pub async fn change_survey(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<SurveyId>,
    body: Json<SurveyBody>,
) -> Result<web::Json<SurveyView>, Problem> {
    let row = points::save_survey(&ctx, &staff.0, Some(id.0), body.0.into()).await?;
    Ok(web::Json(SurveyView::of(row, None)))
}
