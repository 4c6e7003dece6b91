//! Packs of coupons: made by staff, claimed by members as one.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::coupon::{self, ClaimablePack, Pack, PackForm, PackItem, PackedOffer, TakenPack};
use service::ids::{CouponPackId, CouponTemplateId};
use service::states::Validity;
use utoipa::ToSchema;

use super::coupon_view::{CouponRulesView, CouponView};
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
    /// How many times members have claimed it; null for members.
    pub taken: Option<i64>,
    /// How many times the asking member has claimed it; null for staff.
    pub held: Option<i64>,
    /// A problem's code: why the asking member can't claim it now.
    pub refusal: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct PackItemView {
    pub template_id: CouponTemplateId,
    pub copies: i32,
    pub rules: CouponRulesView,
    pub validity: Validity,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    /// A copy is good until the end of the day that is so many days after the claim.
    pub valid_days: Option<i32>,
}

impl From<PackedOffer> for PackItemView {
    fn from(PackedOffer { offer, copies }: PackedOffer) -> Self {
        let template = &offer.template;
        Self {
            template_id: template.id,
            copies,
            rules: CouponRulesView::of(&offer),
            validity: template.validity,
            valid_from: template.valid_from,
            valid_until: template.valid_until,
            valid_days: template.valid_days,
        }
    }
}

impl From<Pack> for CouponPackView {
    fn from(Pack { pack, items }: Pack) -> Self {
        Self {
            id: pack.id,
            name: pack.name,
            limit_per_member: pack.limit_per_member,
            claimable: pack.claimable,
            items: items.into_iter().map(Into::into).collect(),
            created_at: pack.created_at,
            taken: None,
            held: None,
            refusal: None,
        }
    }
}

impl From<TakenPack> for CouponPackView {
    fn from(TakenPack { pack, taken }: TakenPack) -> Self {
        Self { taken: Some(taken), ..pack.into() }
    }
}

impl From<ClaimablePack> for CouponPackView {
    fn from(claimable: ClaimablePack) -> Self {
        Self {
            held: Some(claimable.claims),
            refusal: claimable.refusal.map(|refusal| refusal.code()),
            ..claimable.pack.into()
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

/// Replaces a pack; once it has been taken, its coupons stay and the limit can only rise.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CouponPackBody,
    responses((status = 200, body = CouponPackView)),
    security(("staff" = [])),
)]
#[put("/v1/console/coupon-packs/{id}")]
pub async fn change_coupon_pack(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponPackId>,
    body: Json<CouponPackBody>,
) -> Result<web::Json<CouponPackView>, Problem> {
    Ok(web::Json(coupon::change_pack(&ctx, &staff.0, id.0, body.0.into()).await?.into()))
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
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<CouponPackView>>, Problem> {
    let page = coupon::list_claimable_packs(&ctx, caller.0.member.id, &query.0.into()).await?;
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
