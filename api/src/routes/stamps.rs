//! Stamp cards: the member's sheets, a stamp by hand at the till, the console's cards.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CouponId, CouponTemplateId, ScanId, StampCardId, StoreId};
use service::stamp::{self, CardForm, CardRow, MyCard, StampByHand};
use service::states::PublicationState;
use utoipa::ToSchema;

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct MyStampCardsView {
    pub items: Vec<MyStampCardView>,
}

#[derive(Serialize, ToSchema)]
pub struct MyStampCardView {
    pub id: StampCardId,
    pub name: String,
    /// Stamps of a full sheet.
    pub stamps: i32,
    pub reward_template_id: CouponTemplateId,
    pub open_until: Option<DateTime<Utc>>,
    /// The first round first.
    pub sheets: Vec<StampSheetView>,
}

#[derive(Serialize, ToSchema)]
pub struct StampSheetView {
    pub round: i32,
    pub stamps: i32,
    pub completed_at: Option<DateTime<Utc>>,
    /// The reward.
    pub coupon_id: Option<CouponId>,
}

impl From<MyCard> for MyStampCardView {
    fn from(mine: MyCard) -> Self {
        let sheets = mine.sheets.into_iter().map(|sheet| StampSheetView {
            round: sheet.round,
            stamps: sheet.stamps,
            completed_at: sheet.completed_at,
            coupon_id: sheet.coupon_id,
        });
        Self {
            sheets: sheets.collect(),
            id: mine.card.id,
            name: mine.card.name,
            stamps: mine.card.stamps,
            reward_template_id: mine.card.reward_template_id,
            open_until: mine.card.open_until,
        }
    }
}

/// The cards that take stamps now, and those that the member has stamps on.
#[utoipa::path(tag = "member", responses((status = 200, body = MyStampCardsView)), security(("member" = [])))]
#[get("/v1/me/stamp-cards")]
pub async fn list_my_stamp_cards(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<MyStampCardsView>, Problem> {
    let cards = stamp::my_cards(&ctx, caller.0.member.id).await?;
    Ok(web::Json(MyStampCardsView { items: cards.into_iter().map(MyStampCardView::from).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StampBody {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub card_id: StampCardId,
    /// The till's own number of this request: with the same one it is answered and not done again.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
}

#[derive(Serialize, ToSchema)]
pub struct StampedView {
    pub stamps: i32,
}

/// One stamp for the scanned member.
#[utoipa::path(
    tag = "till",
    request_body = StampBody,
    responses((status = 201, body = StampedView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/stamps")]
pub async fn stamp_by_hand(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<StampBody>,
) -> Result<HttpResponse, Problem> {
    let StampBody { store_id, scan_id, card_id, request_no } = body.0;
    let command = StampByHand { store_id, scan_id, card_id, request_no };
    let stamps = stamp::stamp_by_hand(&ctx, &staff.0, command).await?;
    Ok(HttpResponse::Created().json(StampedView { stamps }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StampCardBody {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// Stamps of a full sheet.
    #[schema(minimum = 1, maximum = 100)]
    pub stamps: i32,
    /// Money for a stamp; 0: one stamp for a purchase.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub least_fen: i64,
    /// The most that one purchase gives; 1 unless told.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    pub per_purchase: i32,
    #[schema(minimum = 1, maximum = 1000)]
    pub per_day: Option<i32>,
    /// Sheets that a member can fill; null: as many as they like.
    #[schema(minimum = 1, maximum = 1000)]
    pub rounds: Option<i32>,
    /// Empty: all stores.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub store_ids: Vec<StoreId>,
    /// Only what was paid for these counts; empty: all.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub categories: Vec<String>,
    /// A published template; given for a full sheet, as far as its own limits allow.
    pub reward_template_id: CouponTemplateId,
    pub state: PublicationState,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
}

fn one() -> i32 {
    1
}

impl From<StampCardBody> for CardForm {
    fn from(body: StampCardBody) -> Self {
        Self {
            name: body.name,
            stamps: body.stamps,
            least_fen: body.least_fen,
            per_purchase: body.per_purchase,
            per_day: body.per_day,
            rounds: body.rounds,
            store_ids: body.store_ids,
            categories: body.categories,
            reward_template_id: body.reward_template_id,
            state: body.state,
            open_from: body.open_from,
            open_until: body.open_until,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct StampCardView {
    pub id: StampCardId,
    pub name: String,
    pub stamps: i32,
    pub least_fen: i64,
    pub per_purchase: i32,
    pub per_day: Option<i32>,
    pub rounds: Option<i32>,
    pub store_ids: Vec<StoreId>,
    pub categories: Vec<String>,
    pub reward_template_id: CouponTemplateId,
    pub state: PublicationState,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<CardRow> for StampCardView {
    fn from(row: CardRow) -> Self {
        Self {
            store_ids: serde_json::from_value(row.store_ids).unwrap_or_default(),
            categories: serde_json::from_value(row.categories).unwrap_or_default(),
            id: row.id,
            name: row.name,
            stamps: row.stamps,
            least_fen: row.least_fen,
            per_purchase: row.per_purchase,
            per_day: row.per_day,
            rounds: row.rounds,
            reward_template_id: row.reward_template_id,
            state: row.state,
            open_from: row.open_from,
            open_until: row.open_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All stamp cards, the latest first.
#[utoipa::path(
    tag = "stamp cards",
    params(PageQuery),
    responses((status = 200, body = PageView<StampCardView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/stamp-cards")]
pub async fn list_stamp_cards(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<StampCardView>>, Problem> {
    let page = stamp::list_cards(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, StampCardView::from)))
}

/// A new stamp card.
#[utoipa::path(
    tag = "stamp cards",
    request_body = StampCardBody,
    responses((status = 201, body = StampCardView)),
    security(("staff" = [])),
)]
#[post("/v1/console/stamp-cards")]
pub async fn create_stamp_card(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<StampCardBody>,
) -> Result<HttpResponse, Problem> {
    let row = stamp::save_card(&ctx, &staff.0, None, body.0.into()).await?;
    Ok(HttpResponse::Created().json(StampCardView::from(row)))
}

/// Replaces a stamp card. Once it has been stamped, the stamps of a full sheet stay.
#[utoipa::path(
    tag = "stamp cards",
    request_body = StampCardBody,
    responses((status = 200, body = StampCardView)),
    security(("staff" = [])),
)]
#[put("/v1/console/stamp-cards/{id}")]
pub async fn change_stamp_card(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<StampCardId>,
    body: Json<StampCardBody>,
) -> Result<web::Json<StampCardView>, Problem> {
    Ok(web::Json(stamp::save_card(&ctx, &staff.0, Some(id.0), body.0.into()).await?.into()))
}
