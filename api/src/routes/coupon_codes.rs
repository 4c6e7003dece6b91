//! Codes that members type in, and coupons that they give to each other.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::coupon;
use service::ids::{CouponId, CouponTemplateId, CouponTransferId};
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
