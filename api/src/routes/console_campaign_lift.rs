//! What a campaign brought: its funnel by variant and for the hold-out, and the lift.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service::Context;
use service::campaign::lift::Estimate;
use service::campaign::touch::Tally;
use service::campaign::{self, GroupResult, Lift, Results};
use service::ids::CampaignId;
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::Segments;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct ResultsView {
    /// A window lasts so long, from each member's own message on.
    attribution_days: i32,
    /// Where the windows of the hold-out, and of who was not sent a message, begin. Null: nothing was sent.
    median_sent_at: Option<DateTime<Utc>>,
    /// All windows are over: the numbers stay as they are.
    is_final: bool,
    /// One per variant; one without a name where the campaign has one wording.
    groups: Vec<GroupView>,
    /// All variants together.
    total: GroupView,
    /// Null: nobody is held out.
    holdout: Option<FunnelView>,
    as_of: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct GroupView {
    variant: Option<String>,
    funnel: FunnelView,
    /// What sending cost.
    sending_cost_fen: i64,
    /// What the redeemed coupons cost.
    coupon_cost_fen: i64,
    /// Against the hold-out; null without one.
    lift: Option<LiftView>,
}

/// Members, each counted once per stage.
#[derive(Serialize, ToSchema)]
pub struct FunnelView {
    members: u64,
    sent: u64,
    delivered: u64,
    opened: u64,
    /// Null: the campaign has no coupon.
    claimed: Option<u64>,
    redeemed: Option<u64>,
    purchased: u64,
    sales_fen: i64,
}

/// Differences to the hold-out: everybody who was meant to get a message, sent or not, against everybody held out.
#[derive(Serialize, ToSchema)]
pub struct LiftView {
    /// Of all members; 0.05 is five of a hundred more.
    redemption_rate: Option<EstimateView>,
    purchase_rate: Option<EstimateView>,
    sales_fen_per_member: Option<EstimateView>,
    /// Over all members of the group.
    incremental_sales_fen: Option<EstimateView>,
    /// Incremental sales less the cost, by the cost; null where nothing was spent.
    return_on_cost: Option<EstimateView>,
}

/// A value with its 95 % interval.
#[derive(Serialize, ToSchema)]
pub struct EstimateView {
    value: f64,
    low: f64,
    high: f64,
}

impl From<Estimate> for EstimateView {
    fn from(estimate: Estimate) -> Self {
        Self { value: estimate.value, low: estimate.low, high: estimate.high }
    }
}

impl From<Lift> for LiftView {
    fn from(lift: Lift) -> Self {
        Self {
            redemption_rate: lift.redemption_rate.map(EstimateView::from),
            purchase_rate: lift.purchase_rate.map(EstimateView::from),
            sales_fen_per_member: lift.sales_fen_per_member.map(EstimateView::from),
            incremental_sales_fen: lift.incremental_sales_fen.map(EstimateView::from),
            return_on_cost: lift.return_on_cost.map(EstimateView::from),
        }
    }
}

fn funnel(tally: &Tally, has_coupon: bool) -> FunnelView {
    FunnelView {
        members: tally.members,
        sent: tally.sent,
        delivered: tally.delivered,
        opened: tally.opened,
        claimed: has_coupon.then_some(tally.claimed),
        redeemed: has_coupon.then_some(tally.redeemed),
        purchased: tally.purchased,
        sales_fen: tally.sales_fen,
    }
}

fn group(group: GroupResult, has_coupon: bool) -> GroupView {
    GroupView {
        variant: group.variant,
        funnel: funnel(&group.tally, has_coupon),
        sending_cost_fen: group.tally.cost_fen,
        coupon_cost_fen: group.coupon_cost_fen,
        lift: group.lift.map(LiftView::from),
    }
}

fn view(results: Results, as_of: DateTime<Utc>) -> ResultsView {
    let has_coupon = results.has_coupon;
    ResultsView {
        attribution_days: results.attribution_days,
        median_sent_at: results.median_sent_at,
        is_final: results.is_final,
        groups: results.groups.into_iter().map(|one| group(one, has_coupon)).collect(),
        total: group(results.total, has_coupon),
        holdout: results.holdout.map(|tally| funnel(&tally, has_coupon)),
        as_of,
    }
}

/// From sent to purchased, by variant and for the hold-out, with the lift and its interval.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = ResultsView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/results")]
pub async fn get_campaign_results(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadReports>,
    id: Segments<CampaignId>,
) -> Result<web::Json<ResultsView>, Problem> {
    let results = campaign::results(&ctx, &caller.0, id.0).await?;
    Ok(web::Json(view(results, ctx.now())))
}
