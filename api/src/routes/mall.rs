//! The points mall for members, and handing over at the till.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CouponId, CouponTemplateId, ExchangeId, MallItemId, MemberId, ScanId, StoreId};
use service::mall::{self, ExchangeItem, ExchangeRow, HandOver, ItemRow, OfferedItem};
use service::states::{ExchangeState, MallKind};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct OfferedItemView {
    pub id: MallItemId,
    pub name: String,
    pub description: String,
    pub kind: MallKind,
    /// Of a coupon: which.
    pub coupon_template_id: Option<CouponTemplateId>,
    pub points: i64,
    /// Paid at the till besides the points.
    pub price_fen: i64,
    pub left: i64,
    pub limit_per_member: Option<i32>,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    /// The code of the one reason for which the member can't have it now: `mall_item_closed`, `mall_sold_out`,
    /// `mall_limit_reached`, `points_short`. Null: it can be exchanged for.
    pub refusal: Option<&'static str>,
}

impl From<OfferedItem> for OfferedItemView {
    fn from(offered: OfferedItem) -> Self {
        let item = offered.item;
        Self {
            id: item.id,
            name: item.name,
            description: item.description,
            kind: item.kind,
            coupon_template_id: item.coupon_template_id,
            points: item.points,
            price_fen: item.price_fen,
            left: item.stock - item.taken,
            limit_per_member: item.limit_per_member,
            open_from: item.open_from,
            open_until: item.open_until,
            refusal: offered.refusal.map(|refusal| refusal.code()),
        }
    }
}

/// What points can be exchanged for, the latest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<OfferedItemView>)),
    security(("member" = [])),
)]
#[get("/v1/mall-items")]
pub async fn list_mall_items(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<OfferedItemView>>, Problem> {
    let page = mall::offered_items(&ctx, caller.0.member.id, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, OfferedItemView::from)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeBody {
    /// The caller's own number of this request: with the same one it is answered and not done again.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
}

#[derive(Serialize, ToSchema)]
pub struct ExchangeView {
    pub id: ExchangeId,
    pub member_id: MemberId,
    pub item_id: MallItemId,
    pub item_name: Option<String>,
    pub item_kind: Option<MallKind>,
    pub points: i64,
    /// Paid at the till when it is handed over.
    pub price_fen: i64,
    /// `waiting`: to be handed over at a store.
    pub state: ExchangeState,
    /// The coupon that it gave.
    pub coupon_id: Option<CouponId>,
    pub store_id: Option<StoreId>,
    pub handed_over_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl ExchangeView {
    /// In the order of the rows.
    pub async fn all(ctx: &Context, rows: Vec<ExchangeRow>) -> Result<Vec<Self>, Problem> {
        let items = mall::items_of(ctx, &rows).await?;
        let view = |row: ExchangeRow| {
            let item = items.get(&row.item_id);
            Self::of(row, item)
        };
        Ok(rows.into_iter().map(view).collect())
    }

    pub async fn one(ctx: &Context, row: ExchangeRow) -> Result<Self, Problem> {
        let items = mall::items_of(ctx, std::slice::from_ref(&row)).await?;
        let item = items.get(&row.item_id);
        Ok(Self::of(row, item))
    }

    fn of(row: ExchangeRow, item: Option<&ItemRow>) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            item_id: row.item_id,
            item_name: item.map(|item| item.name.clone()),
            item_kind: item.map(|item| item.kind),
            points: row.points,
            price_fen: row.price_fen,
            state: row.state,
            coupon_id: row.coupon_id,
            store_id: row.store_id,
            handed_over_at: row.handed_over_at,
            cancelled_at: row.cancelled_at,
            created_at: row.created_at,
        }
    }
}

/// Exchanges points for the item. A coupon is the member's at once; anything else waits at the store.
#[utoipa::path(
    tag = "member",
    request_body = ExchangeBody,
    responses((status = 201, body = ExchangeView)),
    security(("member" = [])),
)]
#[post("/v1/mall-items/{id}/exchanges")]
pub async fn exchange_item(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<MallItemId>,
    body: Json<ExchangeBody>,
) -> Result<HttpResponse, Problem> {
    let command =
        ExchangeItem { member_id: caller.0.member.id, item_id: id.0, request_no: body.0.request_no };
    let row = mall::exchange_item(&ctx, command).await?;
    Ok(HttpResponse::Created().json(ExchangeView::one(&ctx, row).await?))
}

/// The member's exchanges, the latest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<ExchangeView>)),
    security(("member" = [])),
)]
#[get("/v1/me/exchanges")]
pub async fn list_my_exchanges(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<ExchangeView>>, Problem> {
    let page = mall::list_my_exchanges(&ctx, caller.0.member.id, &query.0.into()).await?;
    let items = ExchangeView::all(&ctx, page.items).await?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}

/// Takes back an exchange that waits; the points return to their lots.
#[utoipa::path(tag = "member", responses((status = 200, body = ExchangeView)), security(("member" = [])))]
#[post("/v1/me/exchanges/{id}/cancel")]
pub async fn cancel_my_exchange(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<ExchangeId>,
) -> Result<web::Json<ExchangeView>, Problem> {
    let row = mall::cancel_my_exchange(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(ExchangeView::one(&ctx, row).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WaitingQuery {
    pub store_id: StoreId,
    pub scan_id: ScanId,
}

#[derive(Serialize, ToSchema)]
pub struct ExchangesView {
    pub items: Vec<ExchangeView>,
}

/// What waits for the scanned member, the oldest first.
#[utoipa::path(
    tag = "till",
    params(WaitingQuery),
    responses((status = 200, body = ExchangesView)),
    security(("staff" = [])),
)]
#[get("/v1/staff/exchanges")]
pub async fn list_waiting_exchanges(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    query: Query<WaitingQuery>,
) -> Result<web::Json<ExchangesView>, Problem> {
    let WaitingQuery { store_id, scan_id } = query.0;
    let rows = mall::list_waiting(&ctx, &staff.0, (store_id, scan_id)).await?;
    Ok(web::Json(ExchangesView { items: ExchangeView::all(&ctx, rows).await? }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverBody {
    pub store_id: StoreId,
    /// Of the member whose exchange it is.
    pub scan_id: ScanId,
    /// What the customer paid: the price of the exchange.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub paid_fen: i64,
}

/// Hands over what the scanned member exchanged points for.
#[utoipa::path(
    tag = "till",
    request_body = HandOverBody,
    responses((status = 200, body = ExchangeView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/exchanges/{id}/hand-over")]
pub async fn hand_over_exchange(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    id: Segments<ExchangeId>,
    body: Json<HandOverBody>,
) -> Result<web::Json<ExchangeView>, Problem> {
    let HandOverBody { store_id, scan_id, paid_fen } = body.0;
    let command = HandOver { exchange_id: id.0, store_id, scan_id, paid_fen };
    let row = mall::hand_over(&ctx, &staff.0, command).await?;
    Ok(web::Json(ExchangeView::one(&ctx, row).await?))
}
