//! The till: scan a card, see what its coupons would do, redeem, take back, list the day.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::card::{self, ScanCard, Scanned};
use service::coupon::{self, Judged, Quote, QuoteCoupons, RedeemCoupon};
use service::ids::{CouponId, MemberId, RedemptionId, ScanId, StoreId};
use service::page::PageRequest;
use utoipa::{IntoParams, ToSchema};

use super::coupon_view::{CouponView, RedemptionView};
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::{Problem, ProblemCode};

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

#[derive(Serialize, ToSchema)]
pub struct UnusableCouponView {
    pub coupon: CouponView,
    /// Why it can't be used here and now.
    #[schema(value_type = ProblemCode)]
    pub reason: &'static str,
}

impl ScanView {
    fn of(scanned: Scanned, judged: &[Judged]) -> Self {
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
            unusable_coupons: unusable(judged),
        }
    }
}

fn unusable(judged: &[Judged]) -> Vec<UnusableCouponView> {
    judged
        .iter()
        .filter_map(|one| {
            let reason = one.verdict.err()?.code();
            Some(UnusableCouponView { coupon: CouponView::of(&one.held), reason })
        })
        .collect()
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
    let judged = coupon::judge_at_store(&ctx, scanned.member.id, store_id).await?;
    Ok(HttpResponse::Created().json(ScanView::of(scanned, &judged)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteBody {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    /// What the order costs before any discount.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub amount_fen: i64,
}

#[derive(Serialize, ToSchema)]
pub struct QuoteView {
    pub amount_fen: i64,
    pub applicable: Vec<QuotedCouponView>,
    pub unusable: Vec<UnusableCouponView>,
    /// The one that takes off most; null when none takes off anything.
    pub best_coupon_id: Option<CouponId>,
}

#[derive(Serialize, ToSchema)]
pub struct QuotedCouponView {
    pub coupon: CouponView,
    pub discount_fen: i64,
    pub payable_fen: i64,
}

impl QuoteView {
    fn of(quote: &Quote) -> Self {
        let quoted = |judged: &Judged| {
            let discount_fen = quote.discount_fen(judged)?;
            let payable_fen = quote.amount_fen - discount_fen;
            Some(QuotedCouponView { coupon: CouponView::of(&judged.held), discount_fen, payable_fen })
        };
        Self {
            amount_fen: quote.amount_fen,
            applicable: quote.coupons.iter().filter_map(quoted).collect(),
            unusable: unusable(&quote.coupons),
            best_coupon_id: quote.best,
        }
    }
}

/// What each of the member's coupons would do for an amount, and which does most.
#[utoipa::path(
    tag = "till",
    request_body = QuoteBody,
    responses((status = 200, body = QuoteView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/quotes")]
pub async fn quote_coupons(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<QuoteBody>,
) -> Result<web::Json<QuoteView>, Problem> {
    let QuoteBody { store_id, scan_id, amount_fen } = body.0;
    let command = QuoteCoupons { store_id, scan_id, amount_fen };
    let quote = coupon::quote_coupons(&ctx, &staff.0, command).await?;
    Ok(web::Json(QuoteView::of(&quote)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedemptionBody {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub coupon_id: CouponId,
    /// The till's own number of this request, unique in the store: the same request again gets the same answer.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: Option<String>,
    /// What the order costs before the discount.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub amount_fen: i64,
}

impl From<RedemptionBody> for RedeemCoupon {
    fn from(body: RedemptionBody) -> Self {
        Self {
            store_id: body.store_id,
            scan_id: body.scan_id,
            coupon_id: body.coupon_id,
            request_no: body.request_no,
            order_no: body.order_no,
            amount_fen: body.amount_fen,
        }
    }
}

/// Redeems a coupon of the scanned member; 200 when the same request was done before.
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
    let redeemed = coupon::redeem_coupon(&ctx, &staff.0, body.0.into()).await?;
    let mut answer = if redeemed.repeated { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(answer.json(RedemptionView::of(&redeemed.receipt)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Takes a redemption back; the coupon is good again unless its time has passed.
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
