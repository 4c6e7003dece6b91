//! Gifts with an order.

use std::collections::BTreeMap;

use actix_web::web::{self, Data};
use actix_web::{get, put};
use serde::Serialize;
use service::Context;
use service::order_gift::{self, OrderGiftStep, OrderGifts, OrderGiftsReport};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::Json;
use crate::problem::Problem;

/// Which orders get which coupon, and how it went.
#[derive(Serialize, ToSchema)]
pub struct OrderGiftsView {
    /// Of those that an order reaches the highest counts.
    steps: Vec<OrderGiftStep>,
    /// Orders by outcome: `given`, `voided`, `valued`, `lapsed`, or the code by which the coupon was refused.
    outcomes: BTreeMap<String, i64>,
}

impl OrderGiftsView {
    fn of(report: OrderGiftsReport) -> web::Json<Self> {
        let OrderGiftsReport { gifts: OrderGifts { steps }, outcomes } = report;
        web::Json(Self { steps, outcomes: outcomes.into_iter().collect() })
    }
}

/// The gifts with an order, with their outcomes.
#[utoipa::path(tag = "console", responses((status = 200, body = OrderGiftsView)), security(("staff" = [])))]
#[get("/v1/console/order-gifts")]
pub async fn read_order_gifts(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCoupons>,
) -> Result<web::Json<OrderGiftsView>, Problem> {
    Ok(OrderGiftsView::of(order_gift::read_order_gifts(&ctx, &caller.0).await?))
}

/// Sets which coupon an order gets that is recorded from now on.
#[utoipa::path(
    tag = "console",
    request_body = OrderGifts,
    responses((status = 200, body = OrderGiftsView)),
    security(("staff" = []))
)]
#[put("/v1/console/order-gifts")]
pub async fn save_order_gifts(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCoupons>,
    body: Json<OrderGifts>,
) -> Result<web::Json<OrderGiftsView>, Problem> {
    Ok(OrderGiftsView::of(order_gift::save_order_gifts(&ctx, &caller.0, body.0).await?))
}
