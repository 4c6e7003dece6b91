//! The till: scan a card, redeem, take back, list the day.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::card::{ScanCard, Scanned};
use service::coupon::{self, Proof, RedeemCoupon, StoreRedemption, Undo};
use service::ids::{CouponId, MemberId, RedemptionId, ScanId, StampCardId, StoreId};
use service::page::PageRequest;
use service::stamp::{self, MyCard};
use service::tier;
use service::{Context, Error, member, points};
use utoipa::{IntoParams, ToSchema};

use super::coupon_view::{CouponView, RedemptionView};
use super::tiers::RightLeftView;
use super::till_quote::{BasketLineBody, UnusableCouponView, basket, unusable};
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanBody {
    /// What the member's phone shows: the card's code, or the 12 characters of a coupon.
    pub code: String,
    pub store_id: StoreId,
}

#[derive(Serialize, ToSchema)]
pub struct ScanView {
    pub scan_id: ScanId,
    /// Until when the scan can be worked with at this store.
    pub expires_at: DateTime<Utc>,
    /// The coupon whose own code was read: the scan is good for it alone. Null: the card's code was.
    pub coupon_id: Option<CouponId>,
    pub member: ScannedMemberView,
    /// The coupons that can be used at this store now.
    pub usable_coupons: Vec<CouponView>,
    pub unusable_coupons: Vec<UnusableCouponView>,
    /// Of the member's tier, with what is left of each; none where a coupon's code was read.
    pub rights: Vec<RightLeftView>,
    /// The cards that take stamps now, and those that the member has stamps on.
    pub stamp_cards: Vec<ScannedStampCardView>,
}

#[derive(Serialize, ToSchema)]
pub struct ScannedStampCardView {
    /// For `POST /v1/staff/stamps`.
    pub card_id: StampCardId,
    pub name: String,
    /// On the sheet that is not full.
    pub stamped: i32,
    /// Stamps of a full sheet.
    pub stamps: i32,
}

impl From<MyCard> for ScannedStampCardView {
    fn from(mine: MyCard) -> Self {
        let open = mine.sheets.iter().find(|sheet| sheet.completed_at.is_none());
        Self {
            stamped: open.map_or(0, |sheet| sheet.stamps),
            card_id: mine.card.id,
            name: mine.card.name,
            stamps: mine.card.stamps,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ScannedTierView {
    pub name: String,
    pub rank: i32,
}

/// As much of a member as a till needs to see.
#[derive(Serialize, ToSchema)]
pub struct ScannedMemberView {
    pub id: MemberId,
    pub card_number: String,
    /// The first character alone.
    pub masked_name: Option<String>,
    pub masked_phone: Option<String>,
    /// Null while the brand has no tiers.
    pub tier: Option<ScannedTierView>,
    /// What can be spent; below zero where the member owes points.
    pub points: i64,
}

impl ScanView {
    async fn of(ctx: &Context, scanned: Scanned) -> Result<Self, Problem> {
        let (db, id) = (ctx.db.read(), scanned.member.id);
        let judged = coupon::judge_scanned(ctx, &scanned).await?;
        let usable = judged.iter().filter(|one| one.verdict.is_ok());
        let place = tier::place_of(db, id).await?;
        let tier = place.as_ref().and_then(|place| place.tier());
        let rights = match scanned.scan.coupon_id {
            None => tier::rights_of(ctx, db, id).await?,
            Some(_) => Vec::new(),
        };
        Ok(Self {
            scan_id: scanned.scan.id,
            expires_at: scanned.scan.expires_at,
            coupon_id: scanned.scan.coupon_id,
            member: ScannedMemberView {
                id,
                masked_name: member::masked_name(&scanned.member),
                card_number: scanned.member.card_number,
                masked_phone: scanned.masked_phone,
                tier: tier.map(|tier| ScannedTierView { name: tier.name.clone(), rank: tier.rank }),
                points: points::balance_of(ctx, db, id).await?.balance,
            },
            usable_coupons: usable.map(|one| CouponView::of(&one.held)).collect(),
            unusable_coupons: unusable(ctx, &judged),
            rights: rights.into_iter().map(Into::into).collect(),
            stamp_cards: stamp::my_cards(ctx, id).await?.into_iter().map(Into::into).collect(),
        })
    }
}

/// Reads the code of a card or of a coupon at a store.
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
    let scanned = coupon::scan_code(&ctx, &staff.0, ScanCard { code, store_id }).await?;
    Ok(HttpResponse::Created().json(ScanView::of(&ctx, scanned).await?))
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

/// A redemption in a store's list.
#[derive(Serialize, ToSchema)]
pub struct StoreRedemptionView {
    #[serde(flatten)]
    pub redemption: RedemptionView,
    /// Who redeemed.
    pub staff_name: Option<String>,
    pub card_number: Option<String>,
    /// The first character alone.
    pub masked_name: Option<String>,
    pub masked_phone: Option<String>,
    /// Whether the caller may take it back now.
    pub may_reverse: bool,
    /// Until when; null: at any time, or not at all.
    pub reversible_until: Option<DateTime<Utc>>,
}

impl StoreRedemptionView {
    fn of(ctx: &Context, row: &StoreRedemption) -> Result<Self, Problem> {
        let member = row.member.as_ref();
        Ok(Self {
            redemption: RedemptionView::of(&row.receipt),
            staff_name: row.staff_name.clone(),
            card_number: member.map(|member| member.card_number.clone()),
            masked_name: member.and_then(member::masked_name),
            masked_phone: member.map(|member| member::masked_phone(ctx, member)).transpose()?.flatten(),
            may_reverse: row.undo != Undo::Never,
            reversible_until: match row.undo {
                Undo::Until(at) => Some(at),
                Undo::Never | Undo::Always => None,
            },
        })
    }
}

/// The redemptions of a store on a day, reversed ones included, the latest first.
#[utoipa::path(
    tag = "till",
    params(RedemptionsQuery),
    responses((status = 200, body = PageView<StoreRedemptionView>)),
    security(("staff" = [])),
)]
#[get("/v1/staff/redemptions")]
pub async fn list_redemptions(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    query: Query<RedemptionsQuery>,
) -> Result<web::Json<PageView<StoreRedemptionView>>, Problem> {
    let Query(RedemptionsQuery { store_id, date, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let page = coupon::list_redemptions(&ctx, &staff.0, (store_id, date), &page).await?;
    let next_cursor = page.next_cursor;
    let items = page.items.iter().map(|row| StoreRedemptionView::of(&ctx, row)).collect::<Result<_, _>>()?;
    Ok(web::Json(PageView { items, next_cursor }))
}
