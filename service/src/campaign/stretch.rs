//! An audience in stretches of the members' ids, so that many can be read at once and each is read by ranges.

use std::sync::Arc;

use entity::{campaign, member};
use futures_util::{Stream, StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tokio_util::task::AbortOnDropHandle;

use super::outlook::{Opinion, Plan};
use crate::audience::Rule;
use crate::context::Context;
use crate::delivery::priority::Rivals;
use crate::delivery::{STRETCH, Surroundings, Surveyed, survey};
use crate::error::{Error, Result};
use crate::ids::MemberId;

/// Stretches that are read at once; each holds one connection at a time.
const AT_ONCE: usize = 3;

/// After the first and up to the last; None is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    after: Option<MemberId>,
    until: Option<MemberId>,
}

impl Stretch {
    pub fn until(self) -> Option<MemberId> {
        self.until
    }
}

/// What the gates say of one stretch.
pub struct Judged {
    pub opinions: Vec<Opinion>,
    pub surveyed: Surveyed,
}

/// The stretches that cover the audience's members behind `after`, at most `most` of them.
pub async fn cover(
    ctx: &Context,
    campaign: &campaign::Model,
    after: Option<MemberId>,
    most: usize,
) -> Result<Vec<Stretch>> {
    let (mut stretches, mut after) = (Vec::new(), after);
    while stretches.len() < most {
        let end =
            end_of(ctx, after).await?.filter(|end| campaign.audience_end.is_none_or(|last| *end < last));
        let until = end.or(campaign.audience_end);
        if until.is_some_and(|until| after.is_some_and(|after| after >= until)) {
            break;
        }
        stretches.push(Stretch { after, until });
        let Some(end) = end else { break };
        after = Some(end);
    }
    Ok(stretches)
}

/// The last id of the next stretch; None when it is the last stretch.
async fn end_of(ctx: &Context, after: Option<MemberId>) -> Result<Option<MemberId>> {
    let mut query = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .order_by_asc(member::Column::Id)
        .offset(STRETCH - 1)
        .limit(1);
    if let Some(after) = after {
        query = query.filter(member::Column::Id.gt(after));
    }
    Ok(query.into_tuple().one(ctx.db.read()).await?)
}

/// Judged in parallel, told in order.
pub fn judge(
    ctx: &Context,
    plan: Arc<Plan>,
    surroundings: Arc<Surroundings>,
    stretches: Vec<Stretch>,
) -> impl Stream<Item = Result<Judged>> + use<> {
    let ctx = ctx.clone();
    stream::iter(stretches)
        .map(move |stretch| {
            let (ctx, plan, surroundings) = (ctx.clone(), plan.clone(), surroundings.clone());
            let judging = async move { judge_one(&ctx, &plan, &surroundings, stretch).await };
            async move { AbortOnDropHandle::new(tokio::spawn(judging)).await.map_err(Error::internal)? }
        })
        .buffered(AT_ONCE)
}

async fn judge_one(
    ctx: &Context,
    plan: &Plan,
    surroundings: &Surroundings,
    stretch: Stretch,
) -> Result<Judged> {
    let read = ctx.db.read();
    let picked = members(ctx, &plan.campaign, stretch)?;
    // Campaigns of higher priority have gates of their own, whose facts are read too.
    let surveyed = survey(ctx, read, (&[&plan.terms], surroundings), picked.clone()).await?;
    let rivals = Rivals::of(ctx, read, &plan.campaign, &surveyed.members).await?;
    let surveyed = if rivals.terms.is_empty() {
        surveyed
    } else {
        let terms: Vec<_> = std::iter::once(&plan.terms).chain(&rivals.terms).collect();
        survey(ctx, read, (&terms, surroundings), picked).await?
    };
    let opinions = plan.opinions(ctx, &surveyed, &rivals).await?;
    Ok(Judged { opinions, surveyed })
}

/// The members of a stretch that the rule picks.
fn members(ctx: &Context, campaign: &campaign::Model, stretch: Stretch) -> Result<Select<member::Entity>> {
    let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
    let as_of = campaign.started_at.unwrap_or_else(|| ctx.now());
    let mut query =
        member::Entity::find().filter(rule.condition(as_of, ctx.settings.timezone, ctx.db.backend()));
    if let Some(until) = stretch.until {
        query = query.filter(member::Column::Id.lte(until));
    }
    if let Some(after) = stretch.after {
        query = query.filter(member::Column::Id.gt(after));
    }
    Ok(query)
}
