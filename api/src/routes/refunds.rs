//! Refunds at the till: finding the order, giving back all or part of it.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::ids::{PurchaseId, PurchaseLineId, RefundId, StoreId};
use service::purchase::{self, Asked, RefundLine, RefundPurchase, RefundQuote, RefundRow, Refunded};
use service::{Context, Error};
use utoipa::{IntoParams, ToSchema};

use super::purchases::PurchaseView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    pub store_id: StoreId,
    pub order_no: String,
}

#[derive(Serialize, ToSchema)]
pub struct FoundPurchaseView {
    pub purchase: PurchaseView,
    pub refunds: Vec<RefundView>,
}

/// `lines` gives back pieces, `amount_fen` money spread over what is left of the lines; without both everything that is left.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundBody {
    /// The till's own number, unique in the store: the same refund again gets the same answer.
    #[schema(min_length = 1, max_length = 64)]
    pub refund_no: String,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<RefundLineBody>,
    #[schema(minimum = 1)]
    pub amount_fen: Option<i64>,
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLineBody {
    pub line_id: PurchaseLineId,
    #[schema(minimum = 1)]
    pub quantity: i64,
}

impl RefundBody {
    fn into_command(self, purchase_id: PurchaseId) -> Result<RefundPurchase, Error> {
        let asked = asked(self.lines, self.amount_fen)?;
        Ok(RefundPurchase { purchase_id, refund_no: self.refund_no, asked, reason: self.reason })
    }
}

/// The same as in the refund that it is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundQuoteBody {
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<RefundLineBody>,
    #[schema(minimum = 1)]
    pub amount_fen: Option<i64>,
}

fn asked(lines: Vec<RefundLineBody>, amount_fen: Option<i64>) -> Result<Asked, Error> {
    match (lines.is_empty(), amount_fen) {
        (true, None) => Ok(Asked::All),
        (true, Some(fen)) => Ok(Asked::Amount(fen)),
        (false, None) => {
            Ok(Asked::Lines(lines.into_iter().map(|line| (line.line_id, line.quantity)).collect()))
        }
        (false, Some(_)) => Err(Error::invalid("amount_fen", "give either lines or amount_fen")),
    }
}

#[derive(Serialize, ToSchema)]
pub struct RefundView {
    pub id: RefundId,
    pub purchase_id: PurchaseId,
    pub refund_no: String,
    /// What is given back.
    pub amount_fen: i64,
    /// Of it, the value of points that were spent already, where the brand keeps that back.
    pub deducted_fen: i64,
    /// Kept back as well: what a gift with the order was worth that was used.
    pub gift_fen: i64,
    /// Paid out besides: what coupons took off the pieces, where their rule says so.
    pub coupon_fen: i64,
    /// What the customer gets.
    pub payable_fen: i64,
    /// Points that the purchase had earned and that were taken back.
    pub points: i64,
    /// Of these, what the member did not have and owes now.
    pub debt_points: i64,
    pub reason: Option<String>,
    pub refunded_at: DateTime<Utc>,
}

impl From<RefundRow> for RefundView {
    fn from(row: RefundRow) -> Self {
        Self {
            payable_fen: purchase::payable_fen(&row),
            id: row.id,
            purchase_id: row.purchase_id,
            refund_no: row.refund_no,
            amount_fen: row.amount_fen,
            deducted_fen: row.deducted_fen,
            gift_fen: row.gift_fen,
            coupon_fen: row.coupon_fen,
            points: row.points,
            debt_points: row.debt_points,
            reason: row.reason,
            refunded_at: row.refunded_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RefundedView {
    pub refund: RefundView,
    pub lines: Vec<RefundedLineView>,
}

#[derive(Serialize, ToSchema)]
pub struct RefundedLineView {
    /// Null: the whole of a purchase without lines.
    pub line_id: Option<PurchaseLineId>,
    /// 0 where money was given back and the goods stay.
    pub quantity: i64,
    pub amount_fen: i64,
    pub points: i64,
}

impl From<RefundLine> for RefundedLineView {
    fn from(line: RefundLine) -> Self {
        Self {
            line_id: line.purchase_line_id,
            quantity: line.quantity,
            amount_fen: line.amount_fen,
            points: line.points,
        }
    }
}

impl From<Refunded> for RefundedView {
    fn from(refunded: Refunded) -> Self {
        let lines = refunded.lines.into_iter().map(Into::into).collect();
        Self { lines, refund: refunded.refund.into() }
    }
}

/// What the refund would say, if it were made now.
#[derive(Serialize, ToSchema)]
pub struct RefundQuoteView {
    pub amount_fen: i64,
    pub deducted_fen: i64,
    pub gift_fen: i64,
    pub coupon_fen: i64,
    pub payable_fen: i64,
    pub points: i64,
    pub debt_points: i64,
    pub lines: Vec<RefundedLineView>,
    /// The names of the coupons that the member gets back and can use again, one for each copy.
    pub coupons: Vec<String>,
}

impl From<RefundQuote> for RefundQuoteView {
    fn from(quote: RefundQuote) -> Self {
        let Refunded { refund, lines } = quote.refunded;
        Self {
            payable_fen: purchase::payable_fen(&refund),
            amount_fen: refund.amount_fen,
            deducted_fen: refund.deducted_fen,
            gift_fen: refund.gift_fen,
            coupon_fen: refund.coupon_fen,
            points: refund.points,
            debt_points: refund.debt_points,
            lines: lines.into_iter().map(Into::into).collect(),
            coupons: quote.coupons,
        }
    }
}

/// An order of the store, with what was given back of it.
#[utoipa::path(
    tag = "till",
    params(OrderQuery),
    responses((status = 200, body = FoundPurchaseView)),
    security(("staff" = [])),
)]
#[get("/v1/staff/purchases")]
pub async fn find_purchase(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    query: Query<OrderQuery>,
) -> Result<web::Json<FoundPurchaseView>, Problem> {
    let OrderQuery { store_id, order_no } = query.0;
    let (recorded, refunds) = purchase::find_purchase(&ctx, &staff.0, (store_id, &order_no)).await?;
    let refunds = refunds.into_iter().map(RefundView::from).collect();
    Ok(web::Json(FoundPurchaseView { purchase: recorded.into(), refunds }))
}

/// What giving back all or part of a purchase would come to: money, points and coupons. It changes nothing.
#[utoipa::path(
    tag = "till",
    request_body = RefundQuoteBody,
    responses((status = 200, body = RefundQuoteView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/purchases/{id}/refund-quotes")]
pub async fn quote_refund(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    id: Segments<PurchaseId>,
    body: Json<RefundQuoteBody>,
) -> Result<web::Json<RefundQuoteView>, Problem> {
    let asked = asked(body.0.lines, body.0.amount_fen)?;
    Ok(web::Json(purchase::quote_refund(&ctx, &staff.0, id.0, asked).await?.into()))
}

/// Gives back all or part of a purchase; its points go back with it, of a whole order also its coupons.
#[utoipa::path(
    tag = "till",
    request_body = RefundBody,
    responses((status = 201, body = RefundedView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/purchases/{id}/refunds")]
pub async fn refund_purchase(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    id: Segments<PurchaseId>,
    body: Json<RefundBody>,
) -> Result<HttpResponse, Problem> {
    let refunded = purchase::refund_purchase(&ctx, &staff.0, body.0.into_command(id.0)?).await?;
    Ok(HttpResponse::Created().json(RefundedView::from(refunded)))
}
