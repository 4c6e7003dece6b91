//! The console's points mall: items, the days on which it is open, exchanges.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CouponTemplateId, ExchangeId, MallItemId};
use service::mall::{self, ItemForm, ItemRow, MallPolicy};
use service::page::PageRequest;
use service::states::{ExchangeState, MallKind, PublicationState};
use utoipa::{IntoParams, ToSchema};

use super::mall::ExchangeView;
use super::till::ReasonBody;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MallItemBody {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: String,
    pub kind: MallKind,
    /// Of a coupon: a published template.
    pub coupon_template_id: Option<CouponTemplateId>,
    #[schema(minimum = 1, maximum = 100_000_000)]
    pub points: i64,
    /// Paid at the till besides the points; 0 of a coupon.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub price_fen: i64,
    /// What one piece costs the brand.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub cost_fen: i64,
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub stock: i64,
    #[schema(minimum = 1, maximum = 1000)]
    pub limit_per_member: Option<i32>,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub state: PublicationState,
}

impl From<MallItemBody> for ItemForm {
    fn from(body: MallItemBody) -> Self {
        Self {
            name: body.name,
            description: body.description,
            kind: body.kind,
            coupon_template_id: body.coupon_template_id,
            points: body.points,
            price_fen: body.price_fen,
            cost_fen: body.cost_fen,
            stock: body.stock,
            limit_per_member: body.limit_per_member,
            open_from: body.open_from,
            open_until: body.open_until,
            state: body.state,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct MallItemView {
    pub id: MallItemId,
    pub name: String,
    pub description: String,
    pub kind: MallKind,
    pub coupon_template_id: Option<CouponTemplateId>,
    pub points: i64,
    pub price_fen: i64,
    pub cost_fen: i64,
    pub stock: i64,
    /// Pieces that were exchanged; a cancelled exchange gives its piece back.
    pub taken: i64,
    pub limit_per_member: Option<i32>,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub state: PublicationState,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<ItemRow> for MallItemView {
    fn from(row: ItemRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            kind: row.kind,
            coupon_template_id: row.coupon_template_id,
            points: row.points,
            price_fen: row.price_fen,
            cost_fen: row.cost_fen,
            stock: row.stock,
            taken: row.taken,
            limit_per_member: row.limit_per_member,
            open_from: row.open_from,
            open_until: row.open_until,
            state: row.state,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All items of the mall, the latest first.
#[utoipa::path(
    tag = "mall",
    params(PageQuery),
    responses((status = 200, body = PageView<MallItemView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/mall-items")]
pub async fn list_console_mall_items(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<MallItemView>>, Problem> {
    let page = mall::list_items(&ctx, &staff.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, MallItemView::from)))
}

/// A new item.
#[utoipa::path(
    tag = "mall",
    request_body = MallItemBody,
    responses((status = 201, body = MallItemView)),
    security(("staff" = [])),
)]
#[post("/v1/console/mall-items")]
pub async fn create_mall_item(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<MallItemBody>,
) -> Result<HttpResponse, Problem> {
    let row = mall::save_item(&ctx, &staff.0, None, body.0.into()).await?;
    Ok(HttpResponse::Created().json(MallItemView::from(row)))
}

/// Replaces an item; exchanges that are there keep what they cost.
#[utoipa::path(
    tag = "mall",
    request_body = MallItemBody,
    responses((status = 200, body = MallItemView)),
    security(("staff" = [])),
)]
#[put("/v1/console/mall-items/{id}")]
pub async fn change_mall_item(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<MallItemId>,
    body: Json<MallItemBody>,
) -> Result<web::Json<MallItemView>, Problem> {
    Ok(web::Json(mall::save_item(&ctx, &staff.0, Some(id.0), body.0.into()).await?.into()))
}

/// The days on which the mall is open at all.
#[utoipa::path(tag = "mall", responses((status = 200, body = MallPolicy)), security(("staff" = [])))]
#[get("/v1/console/mall-windows")]
pub async fn get_mall_windows(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
) -> Result<web::Json<MallPolicy>, Problem> {
    Ok(web::Json(mall::read_windows(&ctx, &staff.0).await?))
}

/// Replaces them; without any the mall is always open.
#[utoipa::path(
    tag = "mall",
    request_body = MallPolicy,
    responses((status = 200, body = MallPolicy)),
    security(("staff" = [])),
)]
#[put("/v1/console/mall-windows")]
pub async fn save_mall_windows(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<MallPolicy>,
) -> Result<web::Json<MallPolicy>, Problem> {
    Ok(web::Json(mall::save_windows(&ctx, &staff.0, body.0).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExchangesQuery {
    #[param(inline)]
    pub state: Option<ExchangeState>,
    /// `next_cursor` of the page before; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// All exchanges, the latest first.
#[utoipa::path(
    tag = "mall",
    params(ExchangesQuery),
    responses((status = 200, body = PageView<ExchangeView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/exchanges")]
pub async fn list_exchanges(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    query: Query<ExchangesQuery>,
) -> Result<web::Json<PageView<ExchangeView>>, Problem> {
    let Query(ExchangesQuery { state, cursor, limit }) = query;
    let page = mall::list_exchanges(&ctx, &staff.0, state, &PageRequest { cursor, limit }).await?;
    let items = ExchangeView::all(&ctx, page.items).await?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}

/// Takes back an exchange that waits; the points return to their lots.
#[utoipa::path(
    tag = "mall",
    request_body = ReasonBody,
    responses((status = 200, body = ExchangeView)),
    security(("staff" = [])),
)]
#[post("/v1/console/exchanges/{id}/cancel")]
pub async fn cancel_exchange(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<ExchangeId>,
    body: Json<ReasonBody>,
) -> Result<web::Json<ExchangeView>, Problem> {
    let row = mall::cancel_exchange(&ctx, &staff.0, id.0, &body.0.reason).await?;
    Ok(web::Json(ExchangeView::one(&ctx, row).await?))
}
