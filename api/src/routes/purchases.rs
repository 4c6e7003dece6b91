//! Purchases: the till records them, the member and the console read them.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::ids::{CouponId, CouponTemplateId, MemberId, PurchaseId, PurchaseLineId, ScanId, StoreId};
use service::order_gift::Gift;
use service::points::Earning;
use service::points::earn::Reason;
use service::purchase::{self, Customer, NewLine, RecordPurchase, RecordedPurchase};
use service::{Context, Error};
use utoipa::ToSchema;

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseBody {
    pub store_id: StoreId,
    /// Whose purchase it is: this or `card_number`.
    pub scan_id: Option<ScanId>,
    pub card_number: Option<String>,
    /// Unique in the store: the same order again gets the same answer.
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: String,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub total_fen: i64,
    /// Now when absent.
    pub purchased_at: Option<DateTime<Utc>>,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<PurchaseLineBody>,
}

/// One article; prices are for one piece.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseLineBody {
    pub product_code: Option<String>,
    pub name: String,
    pub category: Option<String>,
    #[schema(minimum = 1)]
    pub quantity: i64,
    #[schema(minimum = 0)]
    pub price_fen: i64,
    #[schema(minimum = 0)]
    pub cost_fen: Option<i64>,
}

impl PurchaseBody {
    fn into_command(self) -> Result<RecordPurchase, Error> {
        let customer = match (self.scan_id, self.card_number) {
            (Some(scan_id), None) => Customer::Scan(scan_id),
            (None, Some(number)) => Customer::CardNumber(number),
            _ => return Err(Error::invalid("scan_id", "give either scan_id or card_number")),
        };
        Ok(RecordPurchase {
            store_id: self.store_id,
            customer,
            order_no: self.order_no,
            total_fen: self.total_fen,
            purchased_at: self.purchased_at,
            lines: self.lines.into_iter().map(PurchaseLineBody::into_line).collect(),
        })
    }
}

impl PurchaseLineBody {
    fn into_line(self) -> NewLine {
        NewLine {
            product_code: self.product_code,
            name: self.name,
            category: self.category,
            quantity: self.quantity,
            price_fen: self.price_fen,
            cost_fen: self.cost_fen,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PurchaseView {
    pub id: PurchaseId,
    pub store_id: StoreId,
    pub member_id: MemberId,
    pub order_no: String,
    pub total_fen: i64,
    /// Pieces; 1 when no lines are known.
    pub quantity: i64,
    pub purchased_at: DateTime<Utc>,
    /// What of the total was given back.
    pub refunded_fen: i64,
    /// What it earned, before refunds; pending until the goods can no longer be returned.
    pub points: i64,
    /// Of a purchase without lines: what decided the points. Else each line has its own.
    pub points_reasons: Vec<Reason>,
    pub lines: Vec<PurchaseLineView>,
    /// The coupon that came with the order; null where it reached no step.
    pub gift: Option<PurchaseGiftView>,
}

#[derive(Serialize, ToSchema)]
pub struct PurchaseGiftView {
    pub coupon_template_id: CouponTemplateId,
    pub name: String,
    /// Null when it could not be given.
    pub coupon_id: Option<CouponId>,
    /// What the order had to come to.
    pub threshold_fen: i64,
    /// `given`, or the code of the refusal; after a refund below the step `voided`, `valued` (it was used, and its value kept back) or
    /// `lapsed`.
    pub outcome: String,
}

impl From<Gift> for PurchaseGiftView {
    fn from(gift: Gift) -> Self {
        Self {
            coupon_template_id: gift.row.template_id,
            name: gift.name,
            coupon_id: gift.row.coupon_id,
            threshold_fen: gift.row.threshold_fen,
            outcome: gift.row.outcome,
        }
    }
}

/// An article as the member may see it; what it cost the shop is not shown.
#[derive(Serialize, ToSchema)]
pub struct PurchaseLineView {
    pub id: PurchaseLineId,
    pub product_code: Option<String>,
    pub name: String,
    pub category: Option<String>,
    pub quantity: i64,
    pub price_fen: i64,
    /// Its share of what was paid; null of a purchase that was imported.
    pub paid_fen: Option<i64>,
    pub points: i64,
    /// What multiplied its points, or why it earned none.
    pub points_reasons: Vec<Reason>,
}

impl From<RecordedPurchase> for PurchaseView {
    fn from(recorded: RecordedPurchase) -> Self {
        let purchase = recorded.purchase;
        let earned = |id| recorded.earnings.iter().find(|earning| earning.purchase_line_id == id);
        let line = |line: service::purchase::Line| PurchaseLineView {
            id: line.id,
            paid_fen: earned(Some(line.id)).map(|earning| earning.paid_fen),
            points: earned(Some(line.id)).map_or(0, |earning| earning.points),
            points_reasons: earned(Some(line.id)).map(reasons).unwrap_or_default(),
            product_code: line.product_code,
            name: line.name,
            category: line.category,
            quantity: line.quantity,
            price_fen: line.price_fen,
        };
        Self {
            id: purchase.id,
            store_id: purchase.store_id,
            member_id: purchase.member_id,
            order_no: purchase.order_no,
            total_fen: purchase.total_fen,
            quantity: purchase.quantity,
            purchased_at: purchase.purchased_at,
            refunded_fen: purchase.refunded_fen,
            points: recorded.earnings.iter().map(|earning| earning.points).sum(),
            points_reasons: earned(None).map(reasons).unwrap_or_default(),
            lines: recorded.lines.into_iter().map(line).collect(),
            gift: recorded.gift.map(Into::into),
        }
    }
}

fn reasons(earning: &Earning) -> Vec<Reason> {
    serde_json::from_value(earning.reasons.clone()).unwrap_or_default()
}

/// Records a paid order of a member. The points of its lines stand in the answer.
#[utoipa::path(
    tag = "till",
    request_body = PurchaseBody,
    responses((status = 201, body = PurchaseView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/purchases")]
pub async fn record_purchase(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<PurchaseBody>,
) -> Result<HttpResponse, Problem> {
    let recorded = purchase::record_purchase(&ctx, &staff.0, body.0.into_command()?).await?;
    Ok(HttpResponse::Created().json(PurchaseView::from(recorded)))
}

/// The member's own purchases, the latest first.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<PurchaseView>)),
    security(("member" = [])),
)]
#[get("/v1/me/purchases")]
pub async fn list_my_purchases(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<PurchaseView>>, Problem> {
    let page = purchase::list_mine(&ctx, caller.0.member.id, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, PurchaseView::from)))
}

/// A member's purchases, the latest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<PurchaseView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/members/{id}/purchases")]
pub async fn list_member_purchases(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<PurchaseView>>, Problem> {
    let page = purchase::list_for_staff(&ctx, &staff.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, PurchaseView::from)))
}
