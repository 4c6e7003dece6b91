//! Before sending: who will get it, on which channel and in which wording, and for the others the one reason and when it ends; what
//! it costs and how long it takes. It asks the very gates that the send will ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, DurationRound, Utc};
use chrono_tz::Tz;
use entity::campaign;
use entity::states::{CampaignState, Channel};
use futures_util::TryStreamExt;
use sea_orm::EntityTrait;

use super::outlook::{Outcome, Plan, Stock, Taken, Verdict};
use super::{find, pace, stretch};
use crate::calendar;
use crate::context::Context;
use crate::delivery::{Reason, Surroundings};
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::staff::StaffCaller;

/// Releases are told by the hour for so long, by the day behind it.
const BY_THE_HOUR: Duration = Duration::hours(48);

#[derive(Debug, Clone, Default)]
pub struct Forecast {
    pub audience: u64,
    pub will_send: u64,
    /// Everybody else, by the one reason.
    pub others: Vec<ForecastLine>,
    /// Those who will get it, by step of the fall-back order.
    pub steps: Vec<StepLine>,
    /// By wording, the hold-out left out; empty where there is one wording.
    pub variants: Vec<VariantLine>,
    /// Of those who will get it now, their coupons included.
    pub cost_fen: i64,
    /// For those who will get it now, at the rates of campaign and channels; None: there is no rate.
    pub takes: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastLine {
    pub reason: Reason,
    pub members: u64,
    /// When the first of the deferred go out; None: they do not.
    pub deferred_until: Option<DateTime<Utc>>,
    /// How many are let go when.
    pub releases: Vec<Release>,
}

/// The deferred of one hour, or of one day in the shop's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    pub from: DateTime<Utc>,
    pub members: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepLine {
    pub step: usize,
    pub channel: Channel,
    pub members: u64,
    pub cost_fen: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantLine {
    pub variant: String,
    pub members: u64,
    pub will_send: u64,
}

/// Counts as of now, over the segment's present rule while the campaign is a draft and its own once it is scheduled.
pub async fn forecast(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Forecast> {
    let plan = Arc::new(plan(ctx, caller, id).await?);
    let mut stock = Stock::after(ctx, &plan, Taken::default()).await?;
    let surroundings = Arc::new(Surroundings::read(ctx.db.read()).await?);
    let stretches = stretch::cover(ctx, &plan.campaign, None, usize::MAX).await?;
    let mut sums = Sums::default();
    let mut judged = std::pin::pin!(stretch::judge(ctx, plan.clone(), surroundings, stretches));
    while let Some(one) = judged.try_next().await? {
        for opinion in one.opinions {
            sums.add(&plan, ctx.settings.timezone, stock.settle(&plan, opinion, &one.surveyed.facts));
        }
    }
    Ok(sums.told(ctx, &plan))
}

/// The campaign as it would go out now.
pub(super) async fn plan(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Plan> {
    let mut campaign = find(ctx, caller, id).await?;
    if campaign.state == CampaignState::Draft {
        let segment = entity::segment::Entity::find_by_id(campaign.segment_id).one(ctx.db.read()).await?;
        campaign.rule = segment.ok_or(Error::NotFound("segment"))?.rule;
    }
    Plan::of(ctx, campaign).await
}

#[derive(Default)]
struct Sums {
    audience: u64,
    others: BTreeMap<Reason, Other>,
    steps: BTreeMap<usize, (u64, i64)>,
    variants: BTreeMap<String, (u64, u64)>,
}

#[derive(Default)]
struct Other {
    members: u64,
    first: Option<DateTime<Utc>>,
    releases: BTreeMap<DateTime<Utc>, u64>,
}

impl Sums {
    fn add(&mut self, plan: &Plan, zone: Tz, outcome: Outcome) {
        self.audience += 1;
        let goes = matches!(outcome.verdict, Verdict::Goes { .. });
        if let Some(variant) = outcome.variant {
            let line = self.variants.entry(variant).or_default();
            line.0 += 1;
            line.1 += u64::from(goes);
        }
        match outcome.verdict {
            Verdict::Goes { cost_fen } => {
                let line = self.steps.entry(outcome.step).or_default();
                line.0 += 1;
                line.1 += cost_fen;
            }
            Verdict::Held { reason, until } => {
                let line = self.others.entry(reason).or_default();
                line.members += 1;
                if let Some(until) = until {
                    line.first = Some(line.first.map_or(until, |first| first.min(until)));
                    *line.releases.entry(release(until, plan.now, zone)).or_default() += 1;
                }
            }
        }
    }

    fn told(self, ctx: &Context, plan: &Plan) -> Forecast {
        let steps: Vec<_> = self.steps.into_iter().filter_map(|step| step_line(plan, step)).collect();
        Forecast {
            audience: self.audience,
            will_send: steps.iter().map(|line| line.members).sum(),
            cost_fen: steps.iter().map(|line| line.cost_fen).sum(),
            takes: takes(ctx, &plan.campaign, &steps),
            steps,
            others: self.others.into_iter().map(line).collect(),
            variants: self
                .variants
                .into_iter()
                .map(|(variant, (members, will_send))| VariantLine { variant, members, will_send })
                .collect(),
        }
    }
}

fn step_line(plan: &Plan, (step, (members, cost_fen)): (usize, (u64, i64))) -> Option<StepLine> {
    Some(StepLine { step, channel: plan.terms.steps.get(step)?.channel, members, cost_fen })
}

fn line((reason, other): (Reason, Other)) -> ForecastLine {
    ForecastLine {
        reason,
        members: other.members,
        deferred_until: other.first,
        releases: other.releases.into_iter().map(|(from, members)| Release { from, members }).collect(),
    }
}

/// The hour or the day that `until` falls into.
pub fn release(until: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    if until - now <= BY_THE_HOUR {
        return until.duration_trunc(Duration::hours(1)).unwrap_or(until);
    }
    calendar::start_of_day(calendar::local_date(until, zone), zone)
}

/// The channels send side by side, all of them within the campaign's own rate.
fn takes(ctx: &Context, campaign: &campaign::Model, steps: &[StepLine]) -> Option<Duration> {
    let members = |lines: &[StepLine]| -> i64 {
        i64::try_from(lines.iter().map(|line| line.members).sum::<u64>()).unwrap_or(i64::MAX)
    };
    let own = campaign.rate_per_second.map(f64::from);
    let whole = own.map(|rate| pace::takes(members(steps), rate));
    let by_channel = steps.iter().map(|line| {
        let rate = f64::from(pace::channel_per_second(ctx, line.channel));
        pace::takes(members(std::slice::from_ref(line)), rate)
    });
    let all: Option<Vec<Duration>> = by_channel.chain(whole).collect();
    all.map(|all| all.into_iter().max().unwrap_or_default())
}
