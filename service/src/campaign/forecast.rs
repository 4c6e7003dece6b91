//! Before sending: who will get it and, for the others, the one reason. It asks the very gates that the send will ask.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::{campaign, member};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Split, find};
use crate::audience::Rule;
use crate::context::Context;
use crate::delivery::{Decision, Reason, Terms, decide, gather};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};
use crate::staff::StaffCaller;

const PAGE: u64 = 1000;

#[derive(Debug, Clone, Default)]
pub struct Forecast {
    pub audience: u64,
    pub will_send: u64,
    /// Everybody else, by the one reason.
    pub others: Vec<ForecastLine>,
}

#[derive(Debug, Clone)]
pub struct ForecastLine {
    pub reason: Reason,
    pub members: u64,
    /// When the first of the deferred go out; None: they do not.
    pub deferred_until: Option<DateTime<Utc>>,
}

/// Counts as of now, over the segment's present rule while the campaign is a draft and its own once it is scheduled.
pub async fn forecast(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Forecast> {
    let mut campaign = find(ctx, caller, id).await?;
    if campaign.state == entity::states::CampaignState::Draft {
        let segment = entity::segment::Entity::find_by_id(campaign.segment_id).one(ctx.db.read()).await?;
        campaign.rule = segment.ok_or(Error::NotFound("segment"))?.rule;
    }
    let terms = Terms::of(ctx, ctx.db.read(), &campaign).await?;
    let split = Split::of(&campaign)?;
    let mut forecast = Forecast::default();
    let mut others: BTreeMap<Reason, (u64, Option<DateTime<Utc>>)> = BTreeMap::new();
    let mut cursor = None;
    loop {
        let members = page(ctx, &campaign, cursor).await?;
        cursor = members.last().copied();
        let facts = gather(ctx, ctx.db.read(), &terms, &members).await?;
        for member in &members {
            forecast.audience += 1;
            let decision = if split.holds_out(*member) {
                Decision::Suppress(Reason::Holdout)
            } else {
                facts.get(member).map_or(Decision::Suppress(Reason::MemberInactive), |recipient| {
                    decide(&terms, recipient, ctx.now())
                })
            };
            match decision {
                Decision::Send => forecast.will_send += 1,
                Decision::Suppress(reason) => others.entry(reason).or_default().0 += 1,
                Decision::Defer { until, reason } => {
                    let line = others.entry(reason).or_default();
                    line.0 += 1;
                    line.1 = Some(line.1.map_or(until, |first| first.min(until)));
                }
            }
        }
        if (members.len() as u64) < PAGE {
            break;
        }
    }
    forecast.others = others
        .into_iter()
        .map(|(reason, (members, deferred_until))| ForecastLine { reason, members, deferred_until })
        .collect();
    Ok(forecast)
}

async fn page(ctx: &Context, campaign: &campaign::Model, cursor: Option<MemberId>) -> Result<Vec<MemberId>> {
    let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
    let as_of = campaign.started_at.unwrap_or_else(|| ctx.now());
    let mut query = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(rule.condition(as_of, ctx.settings.timezone, ctx.db.backend()))
        .order_by_asc(member::Column::Id)
        .limit(PAGE);
    if let Some(end) = campaign.audience_end {
        query = query.filter(member::Column::Id.lte(end));
    }
    if let Some(cursor) = cursor {
        query = query.filter(member::Column::Id.gt(cursor));
    }
    Ok(query.into_tuple().all(ctx.db.read()).await?)
}
