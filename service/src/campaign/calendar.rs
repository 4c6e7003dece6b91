//! The campaigns of some days, those that will recur with them, and on which days to come members stand in several audiences.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::states::{CampaignState, MessageClass};
use entity::{campaign, member};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use super::recurring::recurrence_of;
use crate::audience::Rule;
use crate::calendar::{local_date, start_of_day};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::{Permission, StaffCaller};

/// Two months and what of a week stands at either end.
const MOST_DAYS: i64 = 75;

#[derive(Debug, Clone)]
pub struct Calendar {
    pub zone: Tz,
    /// In the order of their times.
    pub items: Vec<Planned>,
    /// The days to come on which members stand in several audiences.
    pub crowded: BTreeMap<NaiveDate, Vec<Crowd>>,
}

#[derive(Debug, Clone)]
pub struct Planned {
    pub campaign: campaign::Model,
    /// When it started, or will.
    pub at: DateTime<Utc>,
    /// In the shop's zone.
    pub day: NaiveDate,
    /// A run to come of a recurring campaign, which is not a campaign of its own yet.
    pub is_occurrence: bool,
    /// Its audience, or those whom its rule picks now.
    pub members: i64,
}

/// So many members stand in the audiences of so many marketing campaigns of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crowd {
    pub messages: i64,
    pub members: i64,
}

/// From the first of the days to the last, both included.
pub async fn calendar(
    ctx: &Context,
    caller: &StaffCaller,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Calendar> {
    caller.require(Permission::ReadCampaigns)?;
    if until < from || (until - from).num_days() >= MOST_DAYS {
        return Err(Error::invalid("until", format!("is from 0 to {} days after from", MOST_DAYS - 1)));
    }
    let zone = ctx.settings.timezone;
    let span = (start_of_day(from, zone), start_of_day(until.succ_opt().unwrap_or(until), zone));
    let mut sizes = Sizes { ctx, known: HashMap::new() };
    let mut items = Vec::new();
    for campaign in campaigns_of(ctx, span).await? {
        let Some(at) = campaign.started_at.or(campaign.scheduled_at) else { continue };
        items.push(sizes.planned((campaign, at), false).await?);
    }
    for (campaign, at) in runs_to_come(ctx, span).await? {
        items.push(sizes.planned((campaign, at), true).await?);
    }
    items.sort_by_key(|item| (item.at, item.campaign.id));
    let crowded = crowded_days(ctx, &items).await?;
    Ok(Calendar { zone, items, crowded })
}

type Span = (DateTime<Utc>, DateTime<Utc>);

/// Those that have a time: not drafts, not what was cancelled before it started, and of recurring ones their occurrences.
async fn campaigns_of(ctx: &Context, (from, until): Span) -> Result<Vec<campaign::Model>> {
    use campaign::Column::{Recurrence, ScheduledAt, StartedAt, State};
    let started = Condition::all().add(StartedAt.gte(from)).add(StartedAt.lt(until));
    let waits = Condition::all()
        .add(StartedAt.is_null())
        .add(ScheduledAt.gte(from))
        .add(ScheduledAt.lt(until))
        .add(State.is_not_in([CampaignState::Draft, CampaignState::Cancelled]));
    Ok(campaign::Entity::find()
        .filter(Recurrence.is_null())
        .filter(Condition::any().add(started).add(waits))
        .order_by_asc(campaign::Column::Id)
        .all(ctx.db.read())
        .await?)
}

async fn runs_to_come(ctx: &Context, (from, until): Span) -> Result<Vec<(campaign::Model, DateTime<Utc>)>> {
    let zone = ctx.settings.timezone;
    let parents = campaign::Entity::find()
        .filter(campaign::Column::State.eq(CampaignState::Recurring))
        .all(ctx.db.read())
        .await?;
    let mut runs = Vec::new();
    for parent in parents {
        let (Some(recurrence), Some(next)) = (recurrence_of(&parent)?, parent.scheduled_at) else { continue };
        let mut run = recurrence.first_from(std::cmp::max(next, from), zone);
        while let Some(occurrence) = run.filter(|run| run.at < until && !is_over(&parent, run.at)) {
            runs.push((parent.clone(), occurrence.at));
            run = recurrence.next_after(occurrence.at, zone);
        }
    }
    Ok(runs)
}

fn is_over(parent: &campaign::Model, at: DateTime<Utc>) -> bool {
    parent.offer_ends_at.is_some_and(|end| end <= at)
}

/// Counts each rule once.
struct Sizes<'a> {
    ctx: &'a Context,
    known: HashMap<String, i64>,
}

impl Sizes<'_> {
    async fn planned(
        &mut self,
        (campaign, at): (campaign::Model, DateTime<Utc>),
        is_occurrence: bool,
    ) -> Result<Planned> {
        let is_resolved = campaign.started_at.is_some() && campaign.state != CampaignState::Resolving;
        let members = if is_resolved { campaign.audience_count } else { self.count(&campaign).await? };
        let day = local_date(at, self.ctx.settings.timezone);
        Ok(Planned { campaign, at, day, is_occurrence, members })
    }

    async fn count(&mut self, campaign: &campaign::Model) -> Result<i64> {
        let key = campaign.rule.to_string();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let picked = member::Entity::find().filter(condition(self.ctx, campaign)?);
        let members = i64::try_from(picked.count(self.ctx.db.read()).await?).map_err(Error::internal)?;
        self.known.insert(key, members);
        Ok(members)
    }
}

fn condition(ctx: &Context, campaign: &campaign::Model) -> Result<Condition> {
    let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
    Ok(rule.condition(ctx.now(), ctx.settings.timezone, ctx.db.backend()))
}

async fn crowded_days(ctx: &Context, items: &[Planned]) -> Result<BTreeMap<NaiveDate, Vec<Crowd>>> {
    let mut days: BTreeMap<NaiveDate, Vec<&campaign::Model>> = BTreeMap::new();
    for item in items {
        let is_to_come = item.is_occurrence || item.campaign.started_at.is_none();
        if is_to_come && item.campaign.class == MessageClass::Marketing {
            days.entry(item.day).or_default().push(&item.campaign);
        }
    }
    let mut crowded = BTreeMap::new();
    for (day, campaigns) in days.into_iter().filter(|(_, campaigns)| campaigns.len() > 1) {
        let crowds = crowds_of(ctx, &campaigns).await?;
        if !crowds.is_empty() {
            crowded.insert(day, crowds);
        }
    }
    Ok(crowded)
}

/// One statement for a day: each audience's members, how often each stands there, and how many stand how often.
async fn crowds_of(ctx: &Context, campaigns: &[&campaign::Model]) -> Result<Vec<Crowd>> {
    let Some(standing) = all_audiences(ctx, campaigns)? else { return Ok(Vec::new()) };
    let (id, messages, members) = (Alias::new("id"), Alias::new("messages"), Alias::new("members"));
    let often = Query::select()
        .expr_as(Func::count(Expr::col(id.clone())), messages.clone())
        .from_subquery(standing, Alias::new("standing"))
        .group_by_col(id.clone())
        .and_having(Expr::from(Func::count(Expr::col(id))).gt(1))
        .to_owned();
    let crowds = Query::select()
        .column(messages.clone())
        .expr_as(Func::count(Expr::col(messages.clone())), members)
        .from_subquery(often, Alias::new("often"))
        .group_by_col(messages.clone())
        .order_by(messages, Order::Asc)
        .to_owned();
    let rows = ctx.db.read().query_all(&crowds).await?;
    rows.into_iter()
        .map(|row| {
            let (messages, members) = (row.try_get("", "messages")?, row.try_get("", "members")?);
            Ok(Crowd { messages, members })
        })
        .collect()
}

fn all_audiences(ctx: &Context, campaigns: &[&campaign::Model]) -> Result<Option<SelectStatement>> {
    let mut all: Option<SelectStatement> = None;
    for campaign in campaigns {
        let picked = member::Entity::find().select_only().column(member::Column::Id);
        let picked = picked.filter(condition(ctx, campaign)?).into_query();
        all = Some(match all {
            None => picked,
            Some(mut before) => before.union(UnionType::All, picked).to_owned(),
        });
    }
    Ok(all)
}
