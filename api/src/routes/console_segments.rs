//! The console's segments.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, post, put};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::audience::{self, Rule, SegmentDraft};
use service::ids::{MemberId, SegmentId};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// Members shown with a count.
const SAMPLE: u64 = 5;
/// Days of sizes unless told.
const DAYS: u64 = 90;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentBody {
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    rule: Rule,
}

impl From<SegmentBody> for SegmentDraft {
    fn from(body: SegmentBody) -> Self {
        Self { name: body.name, rule: body.rule }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SegmentView {
    id: SegmentId,
    name: String,
    #[schema(value_type = Rule)]
    rule: serde_json::Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl SegmentView {
    fn of(row: audience::SegmentRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            rule: row.rule,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    rule: Rule,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentCount {
    /// Members that the rule picks at this moment.
    members: u64,
    sample: Vec<SampleMember>,
}

#[derive(Serialize, ToSchema)]
pub struct SampleMember {
    id: MemberId,
    name: Option<String>,
    card_number: String,
    purchase_count: i64,
    purchase_total_fen: i64,
    last_purchase_at: Option<DateTime<Utc>>,
}

/// All segments, newest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<SegmentView>)),
    security(("staff" = []))
)]
#[get("/v1/console/segments")]
pub async fn list_segments(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<SegmentView>>, Problem> {
    let page = audience::list(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, SegmentView::of)))
}

/// Saves a rule under a name.
#[utoipa::path(
    tag = "console",
    request_body = SegmentBody,
    responses((status = 201, body = SegmentView)),
    security(("staff" = []))
)]
#[post("/v1/console/segments")]
pub async fn create_segment(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    body: Json<SegmentBody>,
) -> Result<HttpResponse, Problem> {
    let row = audience::create(&ctx, &caller.0, body.0.into()).await?;
    Ok(HttpResponse::Created().json(SegmentView::of(row)))
}

/// Counts what a rule picks now, without saving it.
#[utoipa::path(
    tag = "console",
    request_body = RuleBody,
    responses((status = 200, body = SegmentCount)),
    security(("staff" = []))
)]
#[post("/v1/console/segments/count")]
pub async fn count_segment(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    body: Json<RuleBody>,
) -> Result<web::Json<SegmentCount>, Problem> {
    let members = audience::count(&ctx, &caller.0, &body.0.rule).await?;
    let sample = audience::sample(&ctx, &caller.0, &body.0.rule, SAMPLE).await?;
    let sample = sample
        .into_iter()
        .map(|row| SampleMember {
            id: row.id,
            name: row.name,
            card_number: row.card_number,
            purchase_count: row.purchase_count,
            purchase_total_fen: row.purchase_total_fen,
            last_purchase_at: row.last_purchase_at,
        })
        .collect();
    Ok(web::Json(SegmentCount { members, sample }))
}

/// One segment.
#[utoipa::path(tag = "console", responses((status = 200, body = SegmentView)), security(("staff" = [])))]
#[get("/v1/console/segments/{id}")]
pub async fn get_segment(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<SegmentId>,
) -> Result<web::Json<SegmentView>, Problem> {
    Ok(web::Json(SegmentView::of(audience::find(&ctx, &caller.0, id.0).await?)))
}

/// Replaces name and rule. Campaigns that are already scheduled keep the rule that they were scheduled with.
#[utoipa::path(
    tag = "console",
    request_body = SegmentBody,
    responses((status = 200, body = SegmentView)),
    security(("staff" = []))
)]
#[put("/v1/console/segments/{id}")]
pub async fn change_segment(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<SegmentId>,
    body: Json<SegmentBody>,
) -> Result<web::Json<SegmentView>, Problem> {
    Ok(web::Json(SegmentView::of(audience::update(&ctx, &caller.0, id.0, body.0.into()).await?)))
}

/// Deletes a segment that no campaign uses which is not over; else the refusal names them.
#[utoipa::path(tag = "console", responses((status = 204, description = "It is deleted.")), security(("staff" = [])))]
#[delete("/v1/console/segments/{id}")]
pub async fn delete_segment(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<SegmentId>,
) -> Result<HttpResponse, Problem> {
    audience::remove(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SizesQuery {
    /// How many days up to today, 90 unless told.
    #[param(minimum = 1, maximum = 400)]
    days: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentSizesView {
    /// The shop's, whose days these are.
    zone: String,
    /// From the earliest; days on which nobody counted are left out.
    sizes: Vec<SegmentSizeView>,
}

#[derive(Serialize, ToSchema)]
pub struct SegmentSizeView {
    day: NaiveDate,
    members: i64,
}

/// How many members a segment picked, day by day.
#[utoipa::path(
    tag = "console",
    params(SizesQuery),
    responses((status = 200, body = SegmentSizesView)),
    security(("staff" = []))
)]
#[get("/v1/console/segments/{id}/sizes")]
pub async fn list_segment_sizes(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<SegmentId>,
    query: Query<SizesQuery>,
) -> Result<web::Json<SegmentSizesView>, Problem> {
    let rows = audience::list_sizes(&ctx, &caller.0, id.0, query.0.days.unwrap_or(DAYS)).await?;
    let size = |row: audience::SegmentSize| SegmentSizeView { day: row.day, members: row.members };
    Ok(web::Json(SegmentSizesView {
        zone: ctx.settings.timezone.to_string(),
        sizes: rows.into_iter().map(size).collect(),
    }))
}
