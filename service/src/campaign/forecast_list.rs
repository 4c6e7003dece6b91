//! The members behind a number of the forecast.

use std::sync::Arc;

use entity::member;
use futures_util::TryStreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::forecast::plan;
use super::outlook::{Outcome, Plan, Stock, Taken, Verdict};
use super::stretch;
use crate::context::Context;
use crate::delivery::{Reason, Surroundings};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};
use crate::page::{Page, PageRequest};
use crate::staff::StaffCaller;

/// How far one page looks: where few of many fit, it comes back short and the next one goes on.
const MOST_STRETCHES: usize = 20;

/// Which of the audience.
#[derive(Debug, Clone, Default)]
pub struct OutlookFilter {
    /// Those who do not get it for this reason; None with `goes`: whoever gets it.
    pub reason: Option<Reason>,
    pub goes: bool,
    pub step: Option<usize>,
    pub variant: Option<String>,
}

impl OutlookFilter {
    fn takes(&self, outcome: &Outcome) -> bool {
        let verdict = match (outcome.verdict, self.reason) {
            (Verdict::Goes { .. }, None) => true,
            (Verdict::Goes { .. }, Some(_)) => false,
            (Verdict::Held { reason, .. }, Some(wanted)) => reason == wanted && !self.goes,
            (Verdict::Held { .. }, None) => !self.goes,
        };
        verdict
            && self.step.is_none_or(|step| step == outcome.step)
            && self.variant.as_ref().is_none_or(|name| outcome.variant.as_ref() == Some(name))
    }
}

/// One member's lot with the member.
#[derive(Debug, Clone)]
pub struct Foreseen {
    pub outcome: Outcome,
    pub member: member::Model,
}

/// In the order of their ids. The cursor says besides the last member what those up to them have taken of coupon and budget, so
/// that the next page goes on as the forecast does.
pub async fn forecast_members(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    filter: &OutlookFilter,
    page: &PageRequest,
) -> Result<Page<Foreseen>> {
    let plan = Arc::new(plan(ctx, caller, id).await?);
    let start = page.cursor.as_deref().map(Cursor::parse).transpose()?.unwrap_or_default();
    let mut stock = Stock::after(ctx, &plan, start.taken).await?;
    let (found, next_cursor) = look(ctx, &plan, (start, &mut stock), (filter, page.limit())).await?;
    Ok(Page { items: with_members(ctx, found).await?, next_cursor })
}

async fn look(
    ctx: &Context,
    plan: &Arc<Plan>,
    (start, stock): (Cursor, &mut Stock),
    (filter, limit): (&OutlookFilter, u64),
) -> Result<(Vec<Outcome>, Option<String>)> {
    let surroundings = Arc::new(Surroundings::read(ctx.db.read()).await?);
    let stretches = stretch::cover(ctx, &plan.campaign, start.after, MOST_STRETCHES + 1).await?;
    // None: the list ends with these stretches.
    let end = stretches.get(MOST_STRETCHES).and_then(|_| stretches[MOST_STRETCHES - 1].until());
    let stretches = stretches.into_iter().take(MOST_STRETCHES).collect();
    let mut judged = std::pin::pin!(stretch::judge(ctx, plan.clone(), surroundings, stretches));
    let (mut found, mut last) = (Vec::new(), start);
    while let Some(one) = judged.try_next().await? {
        for opinion in one.opinions {
            let outcome = stock.settle(plan, opinion, &one.surveyed.facts);
            if filter.takes(&outcome) {
                if found.len() as u64 == limit {
                    return Ok((found, Some(last.text())));
                }
                found.push(outcome.clone());
            }
            last = Cursor { after: Some(outcome.member_id), taken: stock.taken() };
        }
    }
    Ok((found, end.map(|end| Cursor { after: Some(end), ..last }.text())))
}

async fn with_members(ctx: &Context, found: Vec<Outcome>) -> Result<Vec<Foreseen>> {
    let rows = member::Entity::find()
        .filter(member::Column::Id.is_in(found.iter().map(|outcome| outcome.member_id)))
        .all(ctx.db.read())
        .await?;
    let mut rows: std::collections::HashMap<MemberId, member::Model> =
        rows.into_iter().map(|row| (row.id, row)).collect();
    let with = |outcome: Outcome| {
        let member = rows.remove(&outcome.member_id)?;
        Some(Foreseen { outcome, member })
    };
    Ok(found.into_iter().filter_map(with).collect())
}

/// `member.copies.fen`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cursor {
    after: Option<MemberId>,
    taken: Taken,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let parsed = match parts.as_slice() {
            [member, copies, fen] => Uuid::parse_str(member)
                .ok()
                .zip(copies.parse().ok())
                .zip(fen.parse().ok())
                .filter(|((_, copies), fen)| *copies >= 0 && *fen >= 0),
            _ => None,
        };
        let ((member, copies), fen) =
            parsed.ok_or_else(|| Error::invalid("cursor", "is not a cursor that this list gave"))?;
        Ok(Self { after: Some(MemberId::from(member)), taken: Taken { copies, fen } })
    }

    fn text(self) -> String {
        let member = self.after.map(|member| member.to_string()).unwrap_or_default();
        format!("{member}.{}.{}", self.taken.copies, self.taken.fen)
    }
}
