//! Codes that members type in, how fast a template goes, and coupons that they give to each other.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::coupon;
use service::ids::{CouponId, CouponTemplateId, CouponTransferId};
use service::report;
use utoipa::ToSchema;

use super::coupon_view::CouponView;
use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Segments};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponCodesBody {
    /// A name to find them by, e.g. of the newsletter in which they are printed.
    #[schema(min_length = 1, max_length = 60)]
    pub batch: String,
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: usize,
}

#[derive(Serialize, ToSchema)]
pub struct CouponCodesView {
    /// 12 characters each; good for one copy, once.
    pub codes: Vec<String>,
}

/// Makes codes of a template.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CouponCodesBody,
    responses((status = 201, body = CouponCodesView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-templates/{id}/codes")]
pub async fn create_coupon_codes(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponTemplateId>,
    body: Json<CouponCodesBody>,
) -> Result<HttpResponse, Problem> {
    let CouponCodesBody { batch, count } = body.0;
    let codes = coupon::create_codes(&ctx, &staff.0, id.0, (&batch, count)).await?;
    Ok(HttpResponse::Created().json(CouponCodesView { codes }))
}

#[derive(Serialize, ToSchema)]
pub struct CodeBatchesView {
    pub items: Vec<CodeBatchView>,
}

/// Batches with one name are one.
#[derive(Serialize, ToSchema)]
pub struct CodeBatchView {
    pub batch: String,
    pub made: i64,
    /// Typed in by a member, who got a copy.
    pub given: i64,
    /// Of those the copies that were redeemed.
    pub used: i64,
    /// When the first of them were made.
    pub made_at: DateTime<Utc>,
    /// A name; null where the audit log does not tell.
    pub made_by: Option<String>,
}

/// The batches of a template's codes, the newest first, 200 at most.
#[utoipa::path(tag = "coupon templates", responses((status = 200, body = CodeBatchesView)), security(("staff" = [])))]
#[get("/v1/console/coupon-templates/{id}/code-batches")]
pub async fn list_code_batches(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    id: Segments<CouponTemplateId>,
) -> Result<web::Json<CodeBatchesView>, Problem> {
    let view = |batch: coupon::CodeBatch| CodeBatchView {
        batch: batch.name,
        made: batch.made,
        given: batch.given,
        used: batch.used,
        made_at: batch.made_at,
        made_by: batch.made_by,
    };
    let batches = coupon::list_code_batches(&ctx, &staff.0, id.0).await?;
    Ok(web::Json(CodeBatchesView { items: batches.into_iter().map(view).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeDownloadBody {
    #[schema(min_length = 1, max_length = 60)]
    pub batch: String,
}

#[derive(Serialize, ToSchema)]
pub struct BatchCodesView {
    pub items: Vec<BatchCodeView>,
}

#[derive(Serialize, ToSchema)]
pub struct BatchCodeView {
    pub code: String,
    /// When a member typed it in; null while it is good.
    pub used_at: Option<DateTime<Utc>>,
}

/// The codes of a batch again, 50,000 at most; the audit log tells who took them.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CodeDownloadBody,
    responses((status = 200, body = BatchCodesView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-templates/{id}/code-downloads")]
pub async fn download_coupon_codes(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponTemplateId>,
    body: Json<CodeDownloadBody>,
) -> Result<web::Json<BatchCodesView>, Problem> {
    let codes = coupon::download_codes(&ctx, &staff.0, id.0, &body.0.batch).await?;
    let view = |one: coupon::BatchCode| BatchCodeView { code: one.code, used_at: one.used_at };
    Ok(web::Json(BatchCodesView { items: codes.into_iter().map(view).collect() }))
}

#[derive(Serialize, ToSchema)]
pub struct CouponPaceView {
    /// The last thirty days of the shop, today the last.
    pub days: Vec<CouponDayView>,
    /// Copies that can still be taken, by stock and budget.
    pub left: i64,
    /// Copies taken within the last `recent_days` times 24 hours.
    pub recent: i64,
    /// 7, or fewer for a template that is younger.
    pub recent_days: i64,
    /// The day on which nothing is left at that pace; null where there is none, or it is years away.
    pub gone_on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
pub struct CouponDayView {
    pub day: NaiveDate,
    pub taken: i64,
    /// Redemptions that were not taken back.
    pub redeemed: i64,
}

/// How fast a template's copies are taken and redeemed.
#[utoipa::path(tag = "coupon templates", responses((status = 200, body = CouponPaceView)), security(("staff" = [])))]
#[get("/v1/console/coupon-templates/{id}/pace")]
pub async fn show_coupon_pace(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    id: Segments<CouponTemplateId>,
) -> Result<web::Json<CouponPaceView>, Problem> {
    let pace = report::read_coupon_pace(&ctx, &staff.0, id.0).await?;
    let view =
        |day: report::CouponDay| CouponDayView { day: day.day, taken: day.taken, redeemed: day.redeemed };
    Ok(web::Json(CouponPaceView {
        days: pace.days.into_iter().map(view).collect(),
        left: pace.left,
        recent: pace.recent,
        recent_days: pace.recent_days,
        gone_on: pace.gone_on,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedCodeBody {
    /// As it was typed: case, spaces and hyphens do not count.
    #[schema(min_length = 1, max_length = 100)]
    pub code: String,
}

/// The coupon that a code stands for. One's own code again gives the same coupon.
#[utoipa::path(
    tag = "coupons",
    request_body = TypedCodeBody,
    responses((status = 201, body = CouponView)),
    security(("member" = [])),
)]
#[post("/v1/me/coupon-codes")]
pub async fn claim_by_code(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<TypedCodeBody>,
) -> Result<HttpResponse, Problem> {
    let held = coupon::claim_by_code(&ctx, &caller.0.member, &body.0.code).await?;
    Ok(HttpResponse::Created().json(CouponView::of(&held)))
}

#[derive(Serialize, ToSchema)]
pub struct TransferView {
    pub transfer_id: CouponTransferId,
    /// What the friend needs; whoever has it may take the coupon.
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// Offers a coupon to a friend. An earlier offer of it is called back.
#[utoipa::path(tag = "coupons", responses((status = 201, body = TransferView)), security(("member" = [])))]
#[post("/v1/me/coupons/{id}/transfers")]
pub async fn offer_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
) -> Result<HttpResponse, Problem> {
    let link = coupon::offer_coupon(&ctx, caller.0.member.id, id.0).await?;
    let (transfer_id, token, expires_at) = (link.id, link.token, link.expires_at);
    Ok(HttpResponse::Created().json(TransferView { transfer_id, token, expires_at }))
}

/// Calls the offer of a coupon back.
#[utoipa::path(tag = "coupons", responses((status = 200, body = CouponView)), security(("member" = [])))]
#[delete("/v1/me/coupons/{id}/transfers")]
pub async fn call_back_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
) -> Result<web::Json<CouponView>, Problem> {
    let held = coupon::call_back_coupon(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(CouponView::of(&held)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptBody {
    #[schema(min_length = 1, max_length = 100)]
    pub token: String,
}

/// Takes a coupon that a friend offered.
#[utoipa::path(
    tag = "coupons",
    request_body = AcceptBody,
    responses((status = 201, body = CouponView)),
    security(("member" = [])),
)]
#[post("/v1/me/coupon-transfers")]
pub async fn accept_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<AcceptBody>,
) -> Result<HttpResponse, Problem> {
    let held = coupon::accept_coupon(&ctx, caller.0.member.id, &body.0.token).await?;
    Ok(HttpResponse::Created().json(CouponView::of(&held)))
}
