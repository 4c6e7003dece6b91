//! The till: scan a card, redeem, take back, list the day.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::card::{self, ScanCard, Scanned};
use service::coupon::{self, Judged, Proof, RedeemCoupon};
use service::ids::{CouponId, MemberId, RedemptionId, ScanId, StoreId};
use service::page::PageRequest;
use service::{Context, Error};
use utoipa::{IntoParams, ToSchema};

use super::coupon_view::{CouponView, RedemptionView};
use super::till_quote::{BasketLineBody, UnusableCouponView, basket, unusable};
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// What the member's phone shows.
    pub code: String,
    pub store_id: StoreId,
}

#[derive(Serialize, ToSchema)]
pub struct ScanView {
    pub scan_id: ScanId,
    /// Until when the scan can be worked with at this store.
    pub expires_at: DateTime<Utc>,
    pub member: ScannedMemberView,
    /// The coupons that can be used at this store now.
    pub usable_coupons: Vec<CouponView>,
    pub unusable_coupons: Vec<UnusableCouponView>,
}

/// As much of a member as a till needs to see.
#[derive(Serialize, ToSchema)]
pub struct ScannedMemberView {
    pub id: MemberId,
    pub card_number: String,
    /// The first character alone.
    pub masked_name: Option<String>,
    pub masked_phone: Option<String>,
}

impl ScanView {
    fn of(scanned: Scanned, judged: &[Judged], ctx: &Context) -> Self {
        let usable = judged.iter().filter(|one| one.verdict.is_ok());
        Self {
            scan_id: scanned.scan.id,
            expires_at: scanned.scan.expires_at,
            member: ScannedMemberView {
                id: scanned.member.id,
                masked_name: scanned.masked_name(),
                card_number: scanned.member.card_number,
                masked_phone: scanned.masked_phone,
            },
            usable_coupons: usable.map(|one| CouponView::of(&one.held)).collect(),
            unusable_coupons: unusable(ctx, judged),
        }
    }
}

/// Reads a card code at a store.
#[utoipa::path(
    tag = "till",
    request_body = ScanBody,
    responses((status = 201, body = ScanView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/scans")]
pub async fn scan_card(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<ScanBody>,
) -> Result<HttpResponse, Problem> {
    let ScanBody { code, store_id } = body.0;
    let scanned = card::scan_card(&ctx, &staff.0, ScanCard { code, store_id }).await?;
    let judged = coupon::judge_at_store(&ctx, &scanned.member, &scanned.store).await?;
    Ok(HttpResponse::Created().json(ScanView::of(scanned, &judged, &ctx)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionBody {
    pub store_id: StoreId,
    /// Absent for an order of the online shop: then the member has locked the coupons for `order_no`.
    pub scan_id: Option<ScanId>,
    pub coupon_id: Option<CouponId>,
    /// Several coupons that go together, instead of `coupon_id`.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub coupon_ids: Vec<CouponId>,
    /// The till's own number of this request, unique in the store: the same request again gets the same answer.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: Option<String>,
    /// What the goods cost before any discount; with lines it may be left out, and must be their sum.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub amount_fen: Option<i64>,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<BasketLineBody>,
    /// What delivery costs.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub delivery_fen: i64,
    /// What the quote said that they take off. When it is another sum now, nothing is redeemed and the answer says what changed.
    #[schema(minimum = 0)]
    pub quoted_discount_fen: Option<i64>,
}

impl TryFrom<RedemptionBody> for RedeemCoupon {
    type Error = Error;

    fn try_from(body: RedemptionBody) -> Result<Self, Error> {
        let mut coupon_ids = body.coupon_ids;
        coupon_ids.extend(body.coupon_id);
        Ok(Self {
            store_id: body.store_id,
            proof: body.scan_id.map_or(Proof::Lock, Proof::Scan),
            coupon_ids,
            request_no: body.request_no,
            order_no: body.order_no,
            basket: basket((body.amount_fen, body.delivery_fen), body.lines)?,
            quoted_fen: body.quoted_discount_fen,
        })
    }
}

/// Redeems coupons of the scanned member for one order; 200 when the same request was done before.
#[utoipa::path(
    tag = "till",
    request_body = RedemptionBody,
    responses((status = 201, body = RedemptionView), (status = 200, body = RedemptionView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/redemptions")]
pub async fn redeem_coupon(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<RedemptionBody>,
) -> Result<HttpResponse, Problem> {
    let redeemed = coupon::redeem_coupon(&ctx, &staff.0, body.0.try_into()?).await?;
    let mut answer = if redeemed.repeated { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(answer.json(RedemptionView::of(&redeemed.receipt)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Takes a redemption back, with those of the same request; the coupons are good again unless their time has passed. Who redeemed may
/// do so for some minutes, a manager at any time.
#[utoipa::path(
    tag = "till",
    request_body = ReasonBody,
    responses((status = 200, body = RedemptionView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/redemptions/{id}/reversal")]
pub async fn reverse_redemption(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    id: Segments<RedemptionId>,
    body: Json<ReasonBody>,
) -> Result<web::Json<RedemptionView>, Problem> {
    let receipt = coupon::reverse_redemption(&ctx, &staff.0, id.0, &body.0.reason).await?;
    Ok(web::Json(RedemptionView::of(&receipt)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RedemptionsQuery {
    pub store_id: StoreId,
    /// A day in the store's time zone, `YYYY-MM-DD`; today when absent.
    pub date: Option<NaiveDate>,
    /// `next_cursor` of the page before; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// The redemptions of a store on a day, reversed ones included, the latest first.
#[utoipa::path(
    tag = "till",
    params(RedemptionsQuery),
    responses((status = 200, body = PageView<RedemptionView>)),
    security(("staff" = [])),
)]
#[get("/v1/staff/redemptions")]
pub async fn list_redemptions(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    query: Query<RedemptionsQuery>,
) -> Result<web::Json<PageView<RedemptionView>>, Problem> {
    let Query(RedemptionsQuery { store_id, date, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let page = coupon::list_redemptions(&ctx, &staff.0, (store_id, date), &page).await?;
    Ok(web::Json(PageView::of(page, |receipt| RedemptionView::of(&receipt))))
}
