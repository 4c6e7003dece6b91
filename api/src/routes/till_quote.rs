//! The till's quote: what the scanned member's coupons would do for a basket.

use actix_web::web::Data;
use actix_web::{post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::coupon::basket::Line;
use service::coupon::{self, Basket, Fix, Judged, Quote, QuoteCoupons};
use service::ids::{CouponId, ScanId, StoreId};
use service::{Context, Error};
use utoipa::ToSchema;

use super::coupon_view::{CouponView, LineShareView};
use crate::auth::{StaffSession, permission};
use crate::input::Json;
use crate::problem::{Problem, ProblemCode};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BasketLineBody {
    #[schema(min_length = 1, max_length = 200)]
    pub product_code: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub category: Option<String>,
    #[schema(minimum = 1, maximum = 100_000)]
    pub quantity: i64,
    /// For one piece.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub price_fen: i64,
}

/// An order as requests tell it: its lines, or no more than what it costs.
pub fn basket(
    (amount_fen, delivery_fen): (Option<i64>, i64),
    lines: Vec<BasketLineBody>,
) -> Result<Basket, Error> {
    let lines: Vec<Line> = lines.into_iter().map(Line::from).collect();
    if lines.is_empty() {
        let amount = amount_fen.ok_or_else(|| Error::invalid("amount_fen", "is needed without lines"))?;
        return Ok(Basket { delivery_fen, ..Basket::of_amount(amount) });
    }
    let basket = Basket { lines, delivery_fen };
    if amount_fen.is_some_and(|amount| amount != basket.goods_fen()) {
        return Err(Error::invalid("amount_fen", "must be the sum of the lines"));
    }
    Ok(basket)
}

impl From<BasketLineBody> for Line {
    fn from(body: BasketLineBody) -> Self {
        let BasketLineBody { product_code, category, quantity, price_fen } = body;
        Self { product_code, category, quantity, price_fen }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteBody {
    pub store_id: StoreId,
    pub scan_id: ScanId,
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
}

#[derive(Serialize, ToSchema)]
pub struct QuoteView {
    /// What the order costs before any coupon, with delivery.
    pub amount_fen: i64,
    /// Those that can be used, each with what it takes off by itself.
    pub applicable: Vec<QuotedCouponView>,
    pub unusable: Vec<UnusableCouponView>,
    /// The one that takes off most by itself; null when none takes off anything.
    pub best_coupon_id: Option<CouponId>,
    pub best: CombinationView,
}

#[derive(Serialize, ToSchema)]
pub struct QuotedCouponView {
    pub coupon: CouponView,
    pub discount_fen: i64,
    pub payable_fen: i64,
}

/// The coupons that together take off most, in the order in which they are applied; empty when none takes off anything.
#[derive(Serialize, ToSchema)]
pub struct CombinationView {
    pub coupons: Vec<CombinedCouponView>,
    pub discount_fen: i64,
    pub payable_fen: i64,
}

#[derive(Serialize, ToSchema)]
pub struct CombinedCouponView {
    pub coupon_id: CouponId,
    pub discount_fen: i64,
    /// What it takes off each line; with what it takes off the delivery they sum to `discount_fen`.
    pub shares: Vec<LineShareView>,
}

#[derive(Serialize, ToSchema)]
pub struct UnusableCouponView {
    pub coupon: CouponView,
    /// Why it can't be used here and now.
    #[schema(value_type = ProblemCode)]
    pub reason: &'static str,
    /// The cheapest way to mend that; null when there is none.
    pub fix: Option<FixView>,
}

/// What would make a coupon usable.
#[derive(Serialize, ToSchema)]
pub struct FixView {
    pub kind: FixKind,
    /// In words for the cashier to say, e.g. "再买 ¥12 可用".
    pub words: String,
    /// `spend_more`: so much more of the goods that it is good for.
    pub fen: Option<i64>,
    /// `come_back`: then.
    pub at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixKind {
    SpendMore,
    AddGoods,
    ComeBack,
    OtherStore,
    OtherChannel,
}

impl FixView {
    fn of(fix: Fix, ctx: &Context) -> Self {
        let (kind, words, fen, at) = match fix {
            Fix::SpendMore { fen } => {
                (FixKind::SpendMore, format!("再买 {} 可用", yuan(fen)), Some(fen), None)
            }
            Fix::AddGoods => (FixKind::AddGoods, "加购适用商品可用".to_owned(), None, None),
            Fix::ComeBack { at } => {
                let local = at.with_timezone(&ctx.settings.timezone).format("%-m月%-d日 %H:%M");
                (FixKind::ComeBack, format!("{local} 起可用"), None, Some(at))
            }
            Fix::OtherStore => (FixKind::OtherStore, "请到适用门店使用".to_owned(), None, None),
            Fix::OtherChannel => (FixKind::OtherChannel, "请换一个渠道下单".to_owned(), None, None),
        };
        Self { kind, words, fen, at }
    }
}

/// Without the fen where there are none.
fn yuan(fen: i64) -> String {
    if fen % 100 == 0 { format!("¥{}", fen / 100) } else { format!("¥{}.{:02}", fen / 100, fen % 100) }
}

pub fn unusable(ctx: &Context, judged: &[Judged]) -> Vec<UnusableCouponView> {
    let view = |one: &Judged| {
        let why = one.verdict.err()?;
        let (coupon, reason) = (CouponView::of(&one.held), why.reason.code());
        Some(UnusableCouponView { coupon, reason, fix: why.fix.map(|fix| FixView::of(fix, ctx)) })
    };
    judged.iter().filter_map(view).collect()
}

impl QuoteView {
    fn of(quote: &Quote, ctx: &Context) -> Self {
        let amount_fen = quote.basket.amount_fen();
        let quoted = |judged: &Judged| {
            let discount_fen = judged.verdict.ok()?;
            let payable_fen = amount_fen - discount_fen;
            Some(QuotedCouponView { coupon: CouponView::of(&judged.held), discount_fen, payable_fen })
        };
        let applicable: Vec<_> = quote.coupons.iter().filter_map(quoted).collect();
        // The coupons come in the order of their ends: among equals the one that ends first.
        let best_alone = applicable.iter().rev().max_by_key(|one| one.discount_fen);
        Self {
            amount_fen,
            best_coupon_id: best_alone.filter(|one| one.discount_fen > 0).map(|one| one.coupon.id),
            applicable,
            unusable: unusable(ctx, &quote.coupons),
            best: CombinationView::of(quote),
        }
    }
}

impl CombinationView {
    fn of(quote: &Quote) -> Self {
        let discount_fen = quote.best.discount_fen();
        let share =
            |(line, discount_fen): &(usize, i64)| LineShareView { line: *line, discount_fen: *discount_fen };
        let coupons = quote.best.parts.iter().map(|part| CombinedCouponView {
            coupon_id: part.coupon_id,
            discount_fen: part.discount_fen,
            shares: part.shares.iter().map(share).collect(),
        });
        Self {
            coupons: coupons.collect(),
            discount_fen,
            payable_fen: quote.basket.amount_fen() - discount_fen,
        }
    }
}

/// What each of the member's coupons would do for a basket, which do most together, and what the others lack.
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
    let QuoteBody { store_id, scan_id, amount_fen, lines, delivery_fen } = body.0;
    let basket = basket((amount_fen, delivery_fen), lines)?;
    let command = QuoteCoupons { store_id, scan_id, basket };
    let quote = coupon::quote_coupons(&ctx, &staff.0, command).await?;
    Ok(web::Json(QuoteView::of(&quote, &ctx)))
}
