//! Reports, and what needs a person today.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CampaignId, StoreId, TierId};
use service::page::PageRequest;
use service::report::{
    self, CampaignLine, Figures, MemberReport, Need, NeedKind, Period, Running, StoreLine, TradeDay,
    TradeReport,
};
use service::states::{CampaignState, Channel};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::{StaffSession, permission};
use crate::input::Query;
use crate::page::PageView;
use crate::problem::Problem;

/// Days of the shop's zone, both included; the last four weeks where nothing is asked for, 400 days at most.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodPageQuery {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct TradeReportView {
    /// The shop's, whose days these are.
    zone: String,
    from: NaiveDate,
    to: NaiveDate,
    days: Vec<TradeDayView>,
    total: FiguresView,
    /// Of as many days right before.
    before: FiguresView,
}

#[derive(Serialize, ToSchema)]
pub struct TradeDayView {
    day: NaiveDate,
    orders: i64,
    /// What was paid, refunds not taken off.
    sales_fen: i64,
    /// What was given back on that day, whenever it was paid.
    refunded_fen: i64,
    new_members: i64,
    redemptions: i64,
    discount_fen: i64,
    messages: i64,
}

impl From<TradeDay> for TradeDayView {
    fn from(row: TradeDay) -> Self {
        let TradeDay {
            day,
            orders,
            sales_fen,
            refunded_fen,
            new_members,
            redemptions,
            discount_fen,
            messages,
        } = row;
        Self { day, orders, sales_fen, refunded_fen, new_members, redemptions, discount_fen, messages }
    }
}

/// Messages, claims and opt-outs belong to no store: they are 0 for who is limited to stores.
#[derive(Serialize, ToSchema)]
pub struct FiguresView {
    orders: i64,
    sales_fen: i64,
    refunded_fen: i64,
    /// Members who bought something.
    buyers: u64,
    /// Those of them who had bought before the period began.
    returning_buyers: u64,
    new_members: i64,
    coupons_claimed: u64,
    redemptions: i64,
    discount_fen: i64,
    messages: i64,
    /// A channel or topic was said no to.
    opt_outs: u64,
}

impl From<Figures> for FiguresView {
    fn from(row: Figures) -> Self {
        Self {
            orders: row.orders,
            sales_fen: row.sales_fen,
            refunded_fen: row.refunded_fen,
            buyers: row.buyers,
            returning_buyers: row.returning_buyers,
            new_members: row.new_members,
            coupons_claimed: row.coupons_claimed,
            redemptions: row.redemptions,
            discount_fen: row.discount_fen,
            messages: row.messages,
            opt_outs: row.opt_outs,
        }
    }
}

impl From<TradeReport> for TradeReportView {
    fn from(report: TradeReport) -> Self {
        Self {
            zone: report.zone.to_string(),
            from: report.period.first,
            to: report.period.last,
            days: report.days.into_iter().map(Into::into).collect(),
            total: report.total.into(),
            before: report.before.into(),
        }
    }
}

/// Trade by day, in sum, and against as many days before.
#[utoipa::path(
    tag = "reports",
    params(PeriodQuery),
    responses((status = 200, body = TradeReportView)),
    security(("staff" = [])),
)]
#[get("/v1/console/reports/trade")]
pub async fn report_trade(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<PeriodQuery>,
) -> Result<web::Json<TradeReportView>, Problem> {
    let period = Period::asked(&ctx, query.0.from, query.0.to)?;
    Ok(web::Json(report::report_trade(&ctx, &staff.0, period).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub struct StoreReportView {
    zone: String,
    from: NaiveDate,
    to: NaiveDate,
    /// The one that sold most first.
    stores: Vec<StoreLineView>,
}

#[derive(Serialize, ToSchema)]
pub struct StoreLineView {
    store_id: StoreId,
    code: String,
    name: String,
    orders: i64,
    sales_fen: i64,
    /// Of these orders, given back by now.
    refunded_fen: i64,
    buyers: i64,
    /// Price less cost, of the articles whose cost is known.
    margin_fen: i64,
    /// The price of those articles.
    margin_of_fen: i64,
    redemptions: i64,
    discount_fen: i64,
}

impl From<StoreLine> for StoreLineView {
    fn from(line: StoreLine) -> Self {
        Self {
            store_id: line.store_id,
            code: line.code,
            name: line.name,
            orders: line.orders,
            sales_fen: line.sales_fen,
            refunded_fen: line.refunded_fen,
            buyers: line.buyers,
            margin_fen: line.margin_fen,
            margin_of_fen: line.margin_of_fen,
            redemptions: line.redemptions,
            discount_fen: line.discount_fen,
        }
    }
}

/// The stores beside each other; who is limited to stores sees these.
#[utoipa::path(
    tag = "reports",
    params(PeriodQuery),
    responses((status = 200, body = StoreReportView)),
    security(("staff" = [])),
)]
#[get("/v1/console/reports/stores")]
pub async fn compare_stores(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<PeriodQuery>,
) -> Result<web::Json<StoreReportView>, Problem> {
    let period = Period::asked(&ctx, query.0.from, query.0.to)?;
    let stores = report::compare_stores(&ctx, &staff.0, period).await?;
    Ok(web::Json(StoreReportView {
        zone: ctx.settings.timezone.to_string(),
        from: period.first,
        to: period.last,
        stores: stores.into_iter().map(Into::into).collect(),
    }))
}

/// The members as they are now.
#[derive(Serialize, ToSchema)]
pub struct MemberReportView {
    members: u64,
    /// Bought within 30 days.
    active_30: u64,
    active_90: u64,
    active_365: u64,
    never_bought: u64,
    /// Said yes to marketing.
    with_consent: u64,
    /// Bought within 365 days.
    buyers: u64,
    /// Those of them who bought more than once in it.
    repeat_buyers: u64,
    /// Paid in all, refunds taken off.
    sales_fen: i64,
    /// What the fifth of the buyers with the highest sums paid of it.
    top_fifth_fen: i64,
    /// From the lowest.
    tiers: Vec<TierShareView>,
    /// From the youngest; the last one: birthday not known.
    ages: Vec<AgeBandView>,
}

#[derive(Serialize, ToSchema)]
pub struct TierShareView {
    tier_id: TierId,
    name: String,
    members: u64,
    /// Paid within 365 days, refunds taken off.
    sales_fen: i64,
}

#[derive(Serialize, ToSchema)]
pub struct AgeBandView {
    /// Full years of age; null with `to` null: not known.
    from: Option<u32>,
    /// The last year that belongs to it; null with `from`: and above.
    to: Option<u32>,
    members: u64,
}

impl From<MemberReport> for MemberReportView {
    fn from(report: MemberReport) -> Self {
        let tier = |share: report::TierShare| TierShareView {
            tier_id: share.tier_id,
            name: share.name,
            members: share.members,
            sales_fen: share.sales_fen,
        };
        let age = |band: report::AgeBand| AgeBandView { from: band.from, to: band.to, members: band.members };
        Self {
            members: report.members,
            active_30: report.active_30,
            active_90: report.active_90,
            active_365: report.active_365,
            never_bought: report.never_bought,
            with_consent: report.with_consent,
            buyers: report.buyers,
            repeat_buyers: report.repeat_buyers,
            sales_fen: report.sales_fen,
            top_fifth_fen: report.top_fifth_fen,
            tiers: report.tiers.into_iter().map(tier).collect(),
            ages: report.ages.into_iter().map(age).collect(),
        }
    }
}

/// How many members there are, how active, what they are worth, by tier and age.
#[utoipa::path(tag = "reports", responses((status = 200, body = MemberReportView)), security(("staff" = [])))]
#[get("/v1/console/reports/members")]
pub async fn report_members(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
) -> Result<web::Json<MemberReportView>, Problem> {
    Ok(web::Json(report::report_members(&ctx, &staff.0).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub struct CampaignLineView {
    id: CampaignId,
    name: String,
    channel: Channel,
    state: CampaignState,
    started_at: Option<DateTime<Utc>>,
    audience: i64,
    /// The platform took it.
    sent: i64,
    /// The platform says that it arrived.
    delivered: i64,
    failed: i64,
    /// Of the messages.
    cost_fen: i64,
    /// Coupons that the campaign gave.
    coupons: i64,
    /// Those of them that are used.
    redeemed: i64,
    discount_fen: i64,
    /// The orders that they were used for.
    order_fen: i64,
}

impl From<CampaignLine> for CampaignLineView {
    fn from(line: CampaignLine) -> Self {
        Self {
            id: line.id,
            name: line.name,
            channel: line.channel,
            state: line.state,
            started_at: line.started_at,
            audience: line.audience,
            sent: line.sent,
            delivered: line.delivered,
            failed: line.failed,
            cost_fen: line.cost_fen,
            coupons: line.coupons,
            redeemed: line.redeemed,
            discount_fen: line.discount_fen,
            order_fen: line.order_fen,
        }
    }
}

/// Campaigns that started within the period, the latest first.
#[utoipa::path(
    tag = "reports",
    params(PeriodPageQuery),
    responses((status = 200, body = PageView<CampaignLineView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/reports/campaigns")]
pub async fn compare_campaigns(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<PeriodPageQuery>,
) -> Result<web::Json<PageView<CampaignLineView>>, Problem> {
    let Query(PeriodPageQuery { from, to, cursor, limit }) = query;
    let period = Period::asked(&ctx, from, to)?;
    let page = report::compare_campaigns(&ctx, &staff.0, period, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(PageView::of(page, CampaignLineView::from)))
}

#[derive(Serialize, ToSchema)]
pub struct TodayView {
    /// What waits for somebody; only what the caller may do something about.
    needs: Vec<NeedView>,
    /// Campaigns under way, the latest first.
    running: Vec<RunningView>,
}

/// What it is that waits.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeedKindView {
    /// A campaign paused itself; `reason` says over what.
    CampaignPaused,
    /// Messages that could not be handled.
    DeadLetters,
    /// Adjustments of points that wait for a second person.
    AdjustmentsWaiting,
    /// The last nightly check found accounts that do not add up.
    PointsDiffer,
    /// A template that members claim has less than a tenth of its stock left.
    StockLow,
    /// A template with stock left can't be claimed, or used, after three more days.
    OfferEnds,
    /// Fewer than a fifth of the members have a consent left for a message template that a planned campaign uses.
    ConsentLow,
    /// What tills redeemed while cut off within a week and could not be booked.
    OfflineConflicts,
    /// Complaints whose answer is due within a day, or was due; `at` is the earliest.
    ComplaintsDue,
}

impl From<NeedKind> for NeedKindView {
    fn from(kind: NeedKind) -> Self {
        match kind {
            NeedKind::CampaignPaused => Self::CampaignPaused,
            NeedKind::DeadLetters => Self::DeadLetters,
            NeedKind::AdjustmentsWaiting => Self::AdjustmentsWaiting,
            NeedKind::PointsDiffer => Self::PointsDiffer,
            NeedKind::StockLow => Self::StockLow,
            NeedKind::OfferEnds => Self::OfferEnds,
            NeedKind::ConsentLow => Self::ConsentLow,
            NeedKind::OfflineConflicts => Self::OfflineConflicts,
            NeedKind::ComplaintsDue => Self::ComplaintsDue,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct NeedView {
    kind: NeedKindView,
    /// How many there are of it; of what runs out, how much is left.
    count: i64,
    /// Of the campaign, template or check, where it is one.
    id: Option<Uuid>,
    /// Its name; of a platform's message template, its id there.
    name: Option<String>,
    /// The reason's code, where there is one.
    reason: Option<String>,
    /// Since when, or when it ends.
    at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct RunningView {
    id: CampaignId,
    name: String,
    channel: Channel,
    state: CampaignState,
    audience: i64,
    /// Deliveries that are not final.
    open: i64,
    started_at: Option<DateTime<Utc>>,
}

impl From<Need> for NeedView {
    fn from(need: Need) -> Self {
        let Need { kind, count, id, name, reason, at } = need;
        Self { kind: kind.into(), count, id, name, reason, at }
    }
}

impl From<Running> for RunningView {
    fn from(row: Running) -> Self {
        let Running { id, name, channel, state, audience, open, started_at } = row;
        Self { id, name, channel, state, audience, open, started_at }
    }
}

/// What needs a person today, and what runs.
#[utoipa::path(tag = "reports", responses((status = 200, body = TodayView)), security(("staff" = [])))]
#[get("/v1/console/today")]
pub async fn read_today(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCampaigns>,
) -> Result<web::Json<TodayView>, Problem> {
    let today = report::read_today(&ctx, &staff.0).await?;
    Ok(web::Json(TodayView {
        needs: today.needs.into_iter().map(Into::into).collect(),
        running: today.running.into_iter().map(Into::into).collect(),
    }))
}
