//! The console's points: the rules, a member's ledger, adjustments, what the brand owes, the nightly checks.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{MemberId, PointsAdjustmentId, PointsCheckId, StaffId};
use service::page::PageRequest;
use service::points::{
    self, Adjustment, CheckRow, Difference, Liability, PointsPolicy, SHARING_WARNING, Worth,
};
use service::states::AdjustmentState;
use utoipa::{IntoParams, ToSchema};

use super::points::PointsView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct PointsPolicyView {
    pub policy: PointsPolicy,
    /// What to know before points for sharing are turned on.
    pub sharing_warning: &'static str,
}

impl From<PointsPolicy> for PointsPolicyView {
    fn from(policy: PointsPolicy) -> Self {
        Self { policy, sharing_warning: SHARING_WARNING }
    }
}

/// How points are earned, expire and are taken back.
#[utoipa::path(tag = "points", responses((status = 200, body = PointsPolicyView)), security(("staff" = [])))]
#[get("/v1/console/points/policy")]
pub async fn get_points_policy(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadSettings>,
) -> Result<web::Json<PointsPolicyView>, Problem> {
    Ok(web::Json(points::read_policy(&ctx, &staff.0).await?.into()))
}

/// Replaces it; holds for what is earned from now on. What is absent gets its default.
#[utoipa::path(
    tag = "points",
    request_body = PointsPolicy,
    responses((status = 200, body = PointsPolicyView)),
    security(("staff" = [])),
)]
#[put("/v1/console/points/policy")]
pub async fn save_points_policy(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteSettings>,
    body: Json<PointsPolicy>,
) -> Result<web::Json<PointsPolicyView>, Problem> {
    Ok(web::Json(points::save_policy(&ctx, &staff.0, body.0).await?.into()))
}

/// A member's points as the member sees them.
#[utoipa::path(
    tag = "points",
    params(PageQuery),
    responses((status = 200, body = PointsView)),
    security(("staff" = [])),
)]
#[get("/v1/console/members/{id}/points")]
pub async fn list_member_points(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PointsView>, Problem> {
    let (balance, statement) = points::read_for_staff(&ctx, &staff.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PointsView::of(balance, statement)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustmentBody {
    /// Given where positive, taken where negative.
    pub points: i64,
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct AdjustmentView {
    pub id: PointsAdjustmentId,
    pub member_id: MemberId,
    pub points: i64,
    pub reason: String,
    /// `waiting`: a second person decides.
    pub state: AdjustmentState,
    pub requested_by: StaffId,
    pub decided_by: Option<StaffId>,
    pub decided_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl From<Adjustment> for AdjustmentView {
    fn from(row: Adjustment) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            points: row.points,
            reason: row.reason,
            state: row.state,
            requested_by: row.requested_by,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            created_at: row.created_at,
        }
    }
}

/// Gives or takes points with a reason; a large adjustment waits for a second person.
#[utoipa::path(
    tag = "points",
    request_body = AdjustmentBody,
    responses((status = 201, body = AdjustmentView)),
    security(("staff" = [])),
)]
#[post("/v1/console/members/{id}/points/adjustments")]
pub async fn adjust_points(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteMembers>,
    id: Segments<MemberId>,
    body: Json<AdjustmentBody>,
) -> Result<HttpResponse, Problem> {
    let AdjustmentBody { points, reason } = body.0;
    let row = points::adjust_points(&ctx, &staff.0, id.0, (points, &reason)).await?;
    Ok(HttpResponse::Created().json(AdjustmentView::from(row)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdjustmentsQuery {
    #[param(inline)]
    pub state: Option<AdjustmentState>,
    /// `next_cursor` of the page before; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// Adjustments, the latest first.
#[utoipa::path(
    tag = "points",
    params(AdjustmentsQuery),
    responses((status = 200, body = PageView<AdjustmentView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/points/adjustments")]
pub async fn list_adjustments(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    query: Query<AdjustmentsQuery>,
) -> Result<web::Json<PageView<AdjustmentView>>, Problem> {
    let Query(AdjustmentsQuery { state, cursor, limit }) = query;
    let page = points::list_adjustments(&ctx, &staff.0, state, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(PageView::of(page, AdjustmentView::from)))
}

/// A second person's yes: the points move now.
#[utoipa::path(tag = "points", responses((status = 200, body = AdjustmentView)), security(("staff" = [])))]
#[post("/v1/console/points/adjustments/{id}/approve")]
pub async fn approve_adjustment(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteMembers>,
    id: Segments<PointsAdjustmentId>,
) -> Result<web::Json<AdjustmentView>, Problem> {
    Ok(web::Json(points::decide_adjustment(&ctx, &staff.0, id.0, true).await?.into()))
}

/// A second person's no.
#[utoipa::path(tag = "points", responses((status = 200, body = AdjustmentView)), security(("staff" = [])))]
#[post("/v1/console/points/adjustments/{id}/reject")]
pub async fn reject_adjustment(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteMembers>,
    id: Segments<PointsAdjustmentId>,
) -> Result<web::Json<AdjustmentView>, Problem> {
    Ok(web::Json(points::decide_adjustment(&ctx, &staff.0, id.0, false).await?.into()))
}

/// Each line is worth its points at `fen_per_100`, rounded down.
#[derive(Serialize, ToSchema)]
pub struct LiabilityView {
    pub fen_per_100: i64,
    /// What members can spend now.
    pub open: WorthView,
    /// What becomes available when the return periods end.
    pub pending: WorthView,
    /// What members owe; it lowers nothing above.
    pub debt: WorthView,
    /// Members who have or owe points.
    pub members: i64,
    pub by_end: Vec<WorthAtView>,
}

#[derive(Serialize, ToSchema)]
pub struct WorthView {
    pub points: i64,
    pub fen: i64,
}

#[derive(Serialize, ToSchema)]
pub struct WorthAtView {
    /// Null: they never expire.
    pub expires_at: Option<DateTime<Utc>>,
    pub points: i64,
    pub fen: i64,
}

impl From<Worth> for WorthView {
    fn from(worth: Worth) -> Self {
        Self { points: worth.points, fen: worth.fen }
    }
}

impl From<Liability> for LiabilityView {
    fn from(owed: Liability) -> Self {
        let at = |(expires_at, worth): (_, Worth)| WorthAtView {
            expires_at,
            points: worth.points,
            fen: worth.fen,
        };
        Self {
            fen_per_100: owed.fen_per_100,
            open: owed.open.into(),
            pending: owed.pending.into(),
            debt: owed.debt.into(),
            members: owed.members,
            by_end: owed.by_end.into_iter().map(at).collect(),
        }
    }
}

/// What the brand owes its members in points, at cost.
#[utoipa::path(tag = "points", responses((status = 200, body = LiabilityView)), security(("staff" = [])))]
#[get("/v1/console/points/liability")]
pub async fn show_liability(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
) -> Result<web::Json<LiabilityView>, Problem> {
    Ok(web::Json(points::read_liability(&ctx, &staff.0).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub struct PointsCheckView {
    pub id: PointsCheckId,
    pub day: NaiveDate,
    pub accounts: i64,
    /// Accounts that do not add up.
    pub wrong: i64,
    /// The first hundred of them.
    pub differences: Vec<Difference>,
    pub created_at: DateTime<Utc>,
}

impl From<CheckRow> for PointsCheckView {
    fn from(row: CheckRow) -> Self {
        Self {
            id: row.id,
            day: row.day,
            accounts: row.accounts,
            wrong: row.wrong,
            differences: serde_json::from_value(row.differences).unwrap_or_default(),
            created_at: row.created_at,
        }
    }
}

/// The nightly comparisons of ledger, lots and accounts, the latest first.
#[utoipa::path(
    tag = "points",
    params(PageQuery),
    responses((status = 200, body = PageView<PointsCheckView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/points/checks")]
pub async fn list_points_checks(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<PointsCheckView>>, Problem> {
    let page = points::list_checks(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, PointsCheckView::from)))
}
