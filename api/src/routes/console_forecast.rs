//! Before a campaign is sent: what would become of its audience, and the members behind each number.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::campaign::{self, Forecast, ForecastLine, Foreseen, OutlookFilter, Verdict};
use service::delivery::Reason;
use service::error::Error;
use service::ids::{CampaignId, MemberId};
use service::member;
use service::states::Channel;
use utoipa::{IntoParams, ToSchema};

use super::delivery_view::ReasonView;
use crate::auth::{StaffSession, permission};
use crate::input::{Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct ForecastView {
    audience: u64,
    will_send: u64,
    /// Everybody else by the one reason.
    others: Vec<ForecastLineView>,
    /// Those who will get it, by the channel that they get it on.
    steps: Vec<StepLineView>,
    /// By wording, the hold-out left out; empty where there is one wording.
    variants: Vec<VariantLineView>,
    /// For those who will get it now, their coupons included.
    cost_fen: i64,
    /// For those who will get it now, at the rates of campaign and channels; null: there is no rate.
    takes_seconds: Option<i64>,
    as_of: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct ForecastLineView {
    reason: ReasonView,
    members: u64,
    /// When the first of the deferred would go; null: they would not.
    deferred_until: Option<DateTime<Utc>>,
    /// How many of the deferred are let go when: by the hour for two days, by the day of the shop's zone behind that.
    releases: Vec<ReleaseView>,
}

#[derive(Serialize, ToSchema)]
pub struct ReleaseView {
    from: DateTime<Utc>,
    members: u64,
}

#[derive(Serialize, ToSchema)]
pub struct StepLineView {
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: usize,
    channel: Channel,
    members: u64,
    cost_fen: i64,
}

#[derive(Serialize, ToSchema)]
pub struct VariantLineView {
    variant: String,
    members: u64,
    will_send: u64,
}

impl From<ForecastLine> for ForecastLineView {
    fn from(line: ForecastLine) -> Self {
        let release =
            |release: campaign::Release| ReleaseView { from: release.from, members: release.members };
        Self {
            reason: line.reason.into(),
            members: line.members,
            deferred_until: line.deferred_until,
            releases: line.releases.into_iter().map(release).collect(),
        }
    }
}

fn view(forecast: Forecast, as_of: DateTime<Utc>) -> ForecastView {
    let step = |line: campaign::StepLine| StepLineView {
        step: line.step,
        channel: line.channel,
        members: line.members,
        cost_fen: line.cost_fen,
    };
    let variant = |line: campaign::VariantLine| VariantLineView {
        variant: line.variant,
        members: line.members,
        will_send: line.will_send,
    };
    ForecastView {
        audience: forecast.audience,
        will_send: forecast.will_send,
        others: forecast.others.into_iter().map(ForecastLineView::from).collect(),
        steps: forecast.steps.into_iter().map(step).collect(),
        variants: forecast.variants.into_iter().map(variant).collect(),
        cost_fen: forecast.cost_fen,
        takes_seconds: forecast.takes.map(|takes| (takes.num_milliseconds() + 999) / 1000),
        as_of,
    }
}

/// Who would get it now and, for the others, why not and until when.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = ForecastView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/forecast")]
pub async fn forecast_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<ForecastView>, Problem> {
    let as_of = ctx.now();
    Ok(web::Json(view(campaign::forecast(&ctx, &caller.0, id.0).await?, as_of)))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ForecastMembersQuery {
    /// A reason's code: those who do not get it for that reason. Absent: those who get it.
    reason: Option<String>,
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: Option<usize>,
    /// A variant's name.
    variant: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct ForeseenView {
    member_id: MemberId,
    card_number: String,
    name: Option<String>,
    /// Masked, e.g. `138****5678`.
    phone: Option<String>,
    variant: Option<String>,
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: usize,
    /// Null: gets it.
    reason: Option<ReasonView>,
    /// Null: gets it now, or not at all.
    deferred_until: Option<DateTime<Utc>>,
    cost_fen: i64,
}

impl ForeseenView {
    fn of(ctx: &Context, Foreseen { outcome, member }: Foreseen) -> Result<Self, Problem> {
        let (reason, deferred_until, cost_fen) = match outcome.verdict {
            Verdict::Goes { cost_fen } => (None, None, cost_fen),
            Verdict::Held { reason, until } => (Some(reason.into()), until, 0),
        };
        Ok(Self {
            member_id: outcome.member_id,
            phone: member::masked_phone(ctx, &member)?,
            card_number: member.card_number,
            name: member.name,
            variant: outcome.variant,
            step: outcome.step,
            reason,
            deferred_until,
            cost_fen,
        })
    }
}

/// The members behind a number of the forecast. A page may be short while more follow: it looks at some 200,000 members at most.
#[utoipa::path(
    tag = "campaigns",
    params(ForecastMembersQuery),
    responses((status = 200, body = PageView<ForeseenView>)),
    security(("staff" = []))
)]
#[get("/v1/console/campaigns/{id}/forecast/members")]
pub async fn list_forecast_members(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
    query: Query<ForecastMembersQuery>,
) -> Result<web::Json<PageView<ForeseenView>>, Problem> {
    let Query(ForecastMembersQuery { reason, step, variant, cursor, limit }) = query;
    let reason = reason.as_deref().map(reason_of).transpose()?;
    let filter = OutlookFilter { reason, goes: reason.is_none(), step, variant };
    let page = service::page::PageRequest { cursor, limit };
    let page = campaign::forecast_members(&ctx, &caller.0, id.0, &filter, &page).await?;
    let items = page.items.into_iter().map(|one| ForeseenView::of(&ctx, one)).collect::<Result<_, _>>()?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}

fn reason_of(code: &str) -> Result<Reason, Error> {
    Reason::from_code(code).ok_or_else(|| Error::invalid("reason", "is not a reason's code"))
}
