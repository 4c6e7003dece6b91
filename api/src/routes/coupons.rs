//! Members: what can be claimed, claiming, and the coupons that they hold.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::coupon::template::{self, ClaimableOffer};
use service::coupon::{self, CouponFilter, CouponOrder, MyCoupon};
use service::ids::{CouponId, CouponTemplateId, StoreId};
use service::page::PageRequest;
use service::states::Validity;
use service::{Context, Error, session};
use utoipa::{IntoParams, ToSchema};

use super::coupon_view::{CouponRulesView, CouponView};
use crate::auth::{MemberOrAnybody, MemberSession, MemberToken};
use crate::input::{Json, Query, Segments, Unused};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// An offer that can be claimed now, or could until it was sold out.
#[derive(Serialize, ToSchema)]
pub struct ClaimableTemplateView {
    pub id: CouponTemplateId,
    pub rules: CouponRulesView,
    pub validity: Validity,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    /// A copy is good until the end of the day that is so many days after the claim.
    pub valid_days: Option<i32>,
    /// Copies that are left; 0 is sold out.
    pub left: i64,
    pub limit_per_member: i32,
    pub claim_until: Option<DateTime<Utc>>,
    /// How many the signed-in member holds or has used; null when nobody is signed in.
    pub held: Option<i64>,
    /// A problem's code: why no copy can be had now. Null: it can be claimed; who is not signed in learns only of the stock.
    pub refusal: Option<&'static str>,
}

impl From<ClaimableOffer> for ClaimableTemplateView {
    fn from(claimable: ClaimableOffer) -> Self {
        let template = &claimable.offer.template;
        Self {
            id: template.id,
            rules: CouponRulesView::of(&claimable.offer),
            validity: template.validity,
            valid_from: template.valid_from,
            valid_until: template.valid_until,
            valid_days: template.valid_days,
            left: claimable.offer.left(),
            limit_per_member: template.limit_per_member,
            claim_until: template.claim_until,
            held: claimable.held,
            refusal: claimable.refusal.map(|refusal| refusal.code()),
        }
    }
}

/// Offers to claim. Signed in, it also tells how many of each the member holds.
#[utoipa::path(
    tag = "coupons",
    params(PageQuery),
    responses((status = 200, body = PageView<ClaimableTemplateView>)),
    security((), ("member" = [])),
)]
#[get("/v1/coupon-templates")]
pub async fn list_claimable_coupon_templates(
    ctx: Data<Context>,
    caller: MemberOrAnybody,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<ClaimableTemplateView>>, Problem> {
    let member_id = caller.0.map(|caller| caller.member.id);
    let page = template::list_claimable(&ctx, member_id, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, ClaimableTemplateView::from)))
}

/// Claims one copy.
#[utoipa::path(tag = "coupons", responses((status = 201, body = CouponView)), security(("member" = [])))]
#[post("/v1/coupon-templates/{id}/claims")]
pub async fn claim_coupon(
    ctx: Data<Context>,
    caller: MemberToken,
    id: Segments<String>,
    _: Unused,
) -> Result<HttpResponse, Problem> {
    let Ok(id) = id.0.parse::<CouponTemplateId>() else {
        session::require_standing(&ctx, caller.0).await?;
        return Err(Error::NotFound("coupon template").into());
    };
    let held = coupon::claim_by_token(&ctx, caller.0, id).await?;
    Ok(HttpResponse::Created().json(CouponView::of(&held)))
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponStateFilter {
    Usable,
    Used,
    Expired,
}

impl From<CouponStateFilter> for CouponFilter {
    fn from(filter: CouponStateFilter) -> Self {
        match filter {
            CouponStateFilter::Usable => Self::Usable,
            CouponStateFilter::Used => Self::Used,
            CouponStateFilter::Expired => Self::Expired,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MyCouponsQuery {
    /// All of them when absent.
    #[param(inline)]
    pub state: Option<CouponStateFilter>,
    /// The latest first unless told.
    #[param(inline)]
    pub order: Option<CouponOrderBy>,
    /// `next_cursor` of the page before, of the same state and order; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponOrderBy {
    #[default]
    LatestFirst,
    /// What ends first on top.
    EndsFirst,
}

impl From<CouponOrderBy> for CouponOrder {
    fn from(order: CouponOrderBy) -> Self {
        match order {
            CouponOrderBy::LatestFirst => Self::LatestFirst,
            CouponOrderBy::EndsFirst => Self::EndsFirst,
        }
    }
}

/// A coupon as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct MyCouponView {
    #[serde(flatten)]
    pub coupon: CouponView,
    /// Where it was used; null unless it is.
    pub used_store_id: Option<StoreId>,
    pub used_store_name: Option<String>,
    /// While it is offered to a friend.
    pub transfer: Option<OpenTransferView>,
}

/// An offer that a friend has not taken yet.
#[derive(Serialize, ToSchema)]
pub struct OpenTransferView {
    pub expires_at: DateTime<Utc>,
}

impl From<MyCoupon> for MyCouponView {
    fn from(mine: MyCoupon) -> Self {
        Self {
            coupon: CouponView::of(&mine.held),
            used_store_id: mine.used_at_store.as_ref().map(|store| store.id),
            used_store_name: mine.used_at_store.map(|store| store.name),
            transfer: mine.offered_until.map(|expires_at| OpenTransferView { expires_at }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WalletView {
    /// Not used and not past, though perhaps not valid yet, or locked for an order.
    pub usable: i64,
    /// Of the usable ones, those that end within 7 days.
    pub expiring_soon: i64,
    pub used: i64,
    pub expired: i64,
    /// When the first of the usable ones ends; null where there is none.
    pub next_expiry: Option<DateTime<Utc>>,
}

/// How many coupons the member has.
#[utoipa::path(tag = "coupons", responses((status = 200, body = WalletView)), security(("member" = [])))]
#[get("/v1/me/coupons/summary")]
pub async fn summarise_my_coupons(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<WalletView>, Problem> {
    let wallet = coupon::read_wallet(&ctx, caller.0.member.id).await?;
    let coupon::Wallet { usable, expiring_soon, used, expired, next_expiry } = wallet;
    Ok(web::Json(WalletView { usable, expiring_soon, used, expired, next_expiry }))
}

/// The member's coupons.
#[utoipa::path(
    tag = "coupons",
    params(MyCouponsQuery),
    responses((status = 200, body = PageView<MyCouponView>)),
    security(("member" = [])),
)]
#[get("/v1/me/coupons")]
pub async fn list_my_coupons(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<MyCouponsQuery>,
) -> Result<web::Json<PageView<MyCouponView>>, Problem> {
    let Query(MyCouponsQuery { state, order, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let which = (state.map(Into::into), order.unwrap_or_default().into());
    let page = coupon::list_mine(&ctx, caller.0.member.id, which, &page).await?;
    Ok(web::Json(PageView::of(page, MyCouponView::from)))
}

/// One coupon of the member's own.
#[utoipa::path(tag = "coupons", responses((status = 200, body = MyCouponView)), security(("member" = [])))]
#[get("/v1/me/coupons/{id}")]
pub async fn read_my_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
) -> Result<web::Json<MyCouponView>, Problem> {
    Ok(web::Json(coupon::read_mine(&ctx, caller.0.member.id, id.0).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockBody {
    /// The order of the online shop that is being paid.
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: String,
}

/// Keeps a coupon for an order while it is paid. The same again begins the time anew.
#[utoipa::path(
    tag = "coupons",
    request_body = LockBody,
    responses((status = 200, body = CouponView)),
    security(("member" = [])),
)]
#[put("/v1/me/coupons/{id}/lock")]
pub async fn lock_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
    body: Json<LockBody>,
) -> Result<web::Json<CouponView>, Problem> {
    let held = coupon::lock_coupon(&ctx, caller.0.member.id, id.0, &body.0.order_no).await?;
    Ok(web::Json(CouponView::of(&held)))
}

/// Frees a coupon that was kept for an order.
#[utoipa::path(tag = "coupons", responses((status = 200, body = CouponView)), security(("member" = [])))]
#[delete("/v1/me/coupons/{id}/lock")]
pub async fn unlock_coupon(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
) -> Result<web::Json<CouponView>, Problem> {
    let held = coupon::unlock_coupon(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(CouponView::of(&held)))
}
