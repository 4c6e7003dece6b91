//! Packs of coupons: made by staff, claimed by members as one.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::coupon::{self, Pack, PackForm, PackItem};
use service::ids::{CouponPackId, CouponTemplateId};
use utoipa::ToSchema;

use super::coupon_view::CouponView;
use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponPackBody {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// 1 unless told.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    pub limit_per_member: i32,
    /// Whether members see it and may claim it. True unless told.
    #[serde(default = "yes")]
    pub claimable: bool,
    #[schema(min_items = 1, max_items = 20)]
    pub items: Vec<PackItemBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackItemBody {
    pub template_id: CouponTemplateId,
    /// 1 unless told.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 20)]
    pub copies: i32,
}

fn one() -> i32 {
    1
}

fn yes() -> bool {
    true
}

impl From<CouponPackBody> for PackForm {
    fn from(body: CouponPackBody) -> Self {
        let item = |item: PackItemBody| PackItem { template_id: item.template_id, copies: item.copies };
        Self {
            name: body.name,
            limit_per_member: body.limit_per_member,
            claimable: body.claimable,
            items: body.items.into_iter().map(item).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CouponPackView {
    pub id: CouponPackId,
    pub name: String,
    pub limit_per_member: i32,
    pub claimable: bool,
    pub items: Vec<PackItemView>,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct PackItemView {
    pub template_id: CouponTemplateId,
    pub copies: i32,
}

impl From<Pack> for CouponPackView {
    fn from(Pack { pack, items }: Pack) -> Self {
        let item = |item: PackItem| PackItemView { template_id: item.template_id, copies: item.copies };
        Self {
            id: pack.id,
            name: pack.name,
            limit_per_member: pack.limit_per_member,
            claimable: pack.claimable,
            items: items.into_iter().map(item).collect(),
            created_at: pack.created_at,
        }
    }
}

/// A new pack of templates that exist.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CouponPackBody,
    responses((status = 201, body = CouponPackView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-packs")]
pub async fn create_coupon_pack(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<CouponPackBody>,
) -> Result<HttpResponse, Problem> {
    let pack = coupon::create_pack(&ctx, &staff.0, body.0.into()).await?;
    Ok(HttpResponse::Created().json(CouponPackView::from(pack)))
}

/// All packs, the latest first.
#[utoipa::path(
    tag = "coupon templates",
    params(PageQuery),
    responses((status = 200, body = PageView<CouponPackView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/coupon-packs")]
pub async fn list_coupon_packs(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<CouponPackView>>, Problem> {
    let page = coupon::list_packs(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, CouponPackView::from)))
}

/// Packs to claim, the latest first.
#[utoipa::path(
    tag = "coupons",
    params(PageQuery),
    responses((status = 200, body = PageView<CouponPackView>)),
    security(("member" = [])),
)]
#[get("/v1/coupon-packs")]
pub async fn list_claimable_coupon_packs(
    ctx: Data<Context>,
    _caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<CouponPackView>>, Problem> {
    let page = coupon::list_claimable_packs(&ctx, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, CouponPackView::from)))
}

#[derive(Serialize, ToSchema)]
pub struct ClaimedPackView {
    pub coupons: Vec<CouponView>,
}

/// Claims every coupon of a pack, or none.
#[utoipa::path(tag = "coupons", responses((status = 201, body = ClaimedPackView)), security(("member" = [])))]
#[post("/v1/coupon-packs/{id}/claims")]
pub async fn claim_coupon_pack(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponPackId>,
) -> Result<HttpResponse, Problem> {
    let held = coupon::claim_pack(&ctx, &caller.0.member, id.0).await?;
    Ok(HttpResponse::Created().json(ClaimedPackView { coupons: held.iter().map(CouponView::of).collect() }))
}
