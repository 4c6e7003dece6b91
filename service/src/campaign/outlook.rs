//! What would become of each member of an audience if the campaign went out now. It asks what the claim asks, in the claim's order:
//! hold-out, the gates along the fall-back, campaigns of higher priority, the coupon's stock and limit, the budget. What only
//! passes by is not foreseen: a channel that the platform throttles at the moment, its refusals, an answer that is never heard.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{campaign, coupon, coupon_template};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::experiment::{Place, Split};
use crate::budget::{self, Account, Purse};
use crate::context::Context;
use crate::coupon::rules;
use crate::delivery::priority::Rivals;
use crate::delivery::rules::wait;
use crate::delivery::{
    Afforded, Choice, Decision, Facts, Reason, Recipient, Surveyed, Terms, Wordings, afford, choose,
};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponTemplateId, MemberId};

/// What holds for the whole audience and does not change while it is worked through.
#[derive(Debug, Clone)]
pub struct Plan {
    pub campaign: campaign::Model,
    pub terms: Terms,
    pub wordings: Wordings,
    pub split: Split,
    pub now: DateTime<Utc>,
    template: Option<coupon_template::Model>,
}

/// One member's lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub member_id: MemberId,
    /// None for the hold-out, and where the campaign has one wording.
    pub variant: Option<String>,
    /// Of the fall-back order.
    pub step: usize,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Goes {
        cost_fen: i64,
    },
    /// None: for good.
    Held {
        reason: Reason,
        until: Option<DateTime<Utc>>,
    },
}

/// What the gates say of one member, before what members take from each other.
#[derive(Debug, Clone)]
pub struct Opinion {
    pub member_id: MemberId,
    variant: Option<String>,
    choice: Choice,
    /// Copies of the campaign's template that the member holds.
    copies: Copies,
}

#[derive(Debug, Clone, Default)]
struct Copies {
    slots: Vec<i32>,
    from_this_campaign: bool,
}

impl Plan {
    pub async fn of(ctx: &Context, campaign: campaign::Model) -> Result<Self> {
        let template = match campaign.coupon_template_id {
            Some(id) => coupon_template::Entity::find_by_id(id).one(ctx.db.read()).await?,
            None => None,
        };
        Ok(Self {
            terms: Terms::of(ctx, ctx.db.read(), &campaign).await?,
            wordings: Wordings::of(&campaign)?,
            split: Split::of(&campaign)?,
            now: ctx.now(),
            template,
            campaign,
        })
    }

    /// What the gates say of a stretch's members, in the order of their ids.
    pub async fn opinions(
        &self,
        ctx: &Context,
        surveyed: &Surveyed,
        rivals: &Rivals,
    ) -> Result<Vec<Opinion>> {
        let mut copies = self.copies(ctx, surveyed).await?;
        let opinion = |member_id: &MemberId| {
            let place = self.split.place(*member_id);
            let (variant, choice) = match place {
                Place::Holdout => (None, suppressed(Reason::Holdout)),
                Place::Gets(variant) => {
                    (variant.map(str::to_owned), self.choice(surveyed.facts.get(member_id), rivals))
                }
            };
            let copies = copies.remove(member_id).unwrap_or_default();
            Opinion { member_id: *member_id, variant, choice, copies }
        };
        Ok(surveyed.members.iter().map(opinion).collect())
    }

    fn choice(&self, recipient: Option<&Recipient>, rivals: &Rivals) -> Choice {
        let Some(recipient) = recipient else { return suppressed(Reason::MemberInactive) };
        let choice = choose(&self.terms, recipient, 0, self.now);
        if choice.decision != Decision::Send {
            return choice;
        }
        let Some(step) = self.terms.steps.get(choice.step) else { return choice };
        match rivals.wait(recipient, (step.channel, &self.terms.topic), self.now) {
            None => choice,
            Some(until) => {
                let why = (until, Reason::YieldsToPriority, self.now);
                Choice { decision: wait(&self.terms, recipient, choice.step, why), ..choice }
            }
        }
    }

    async fn copies(&self, ctx: &Context, surveyed: &Surveyed) -> Result<HashMap<MemberId, Copies>> {
        let mut copies: HashMap<MemberId, Copies> = HashMap::new();
        let ends = (surveyed.members.first(), surveyed.members.last());
        let (Some(template_id), (Some(first), Some(last))) = (self.campaign.coupon_template_id, ends) else {
            return Ok(copies);
        };
        for row in held_between(ctx, template_id, (*first, *last)).await? {
            let held = copies.entry(row.member_id).or_default();
            held.slots.push(row.slot);
            held.from_this_campaign |= is_from(&row, self.campaign.id);
        }
        Ok(copies)
    }
}

async fn held_between(
    ctx: &Context,
    template_id: CouponTemplateId,
    (first, last): (MemberId, MemberId),
) -> Result<Vec<coupon::Model>> {
    Ok(coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(template_id))
        .filter(coupon::Column::MemberId.between(first, last))
        .all(ctx.db.read())
        .await?)
}

fn is_from(row: &coupon::Model, campaign: CampaignId) -> bool {
    row.source == "campaign"
        && row.source_id == Some(campaign.0)
        && row.state != entity::states::CouponState::Voided
}

fn suppressed(reason: Reason) -> Choice {
    Choice { step: 0, decision: Decision::Suppress(reason) }
}

/// What members take from each other, in the order in which they are worked through: copies of the coupon, and money.
#[derive(Debug, Clone)]
pub struct Stock {
    purse: Purse,
    taken: Taken,
}

/// What those before have taken; with it a list goes on where it stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub copies: i64,
    pub fen: i64,
}

impl Stock {
    /// As it would be after `taken`.
    pub async fn after(ctx: &Context, plan: &Plan, taken: Taken) -> Result<Self> {
        let account = Account::of(ctx, plan.campaign.id, plan.now);
        let mut purse = budget::look(ctx.db.read(), &account, plan.terms.ceilings).await?;
        if purse.take(taken.fen).is_err() {
            return Err(Error::invalid("cursor", "is not a cursor that this list gave"));
        }
        Ok(Self { purse, taken })
    }

    pub fn taken(&self) -> Taken {
        self.taken
    }

    pub fn settle(&mut self, plan: &Plan, opinion: Opinion, facts: &Facts) -> Outcome {
        let Opinion { member_id, variant, choice: Choice { mut step, decision }, copies } = opinion;
        let verdict = match decision {
            Decision::Suppress(reason) => Verdict::Held { reason, until: None },
            Decision::Defer { until, reason } => Verdict::Held { reason, until: Some(until) },
            Decision::Send => match (self.coupon(plan, &copies), facts.get(&member_id)) {
                (Err(reason), _) => Verdict::Held { reason, until: None },
                (_, None) => Verdict::Held { reason: Reason::MemberInactive, until: None },
                (Ok(()), Some(recipient)) => self.pay(plan, (recipient, variant.as_deref()), &mut step),
            },
        };
        Outcome { member_id, variant, step, verdict }
    }

    fn coupon(&mut self, plan: &Plan, copies: &Copies) -> std::result::Result<(), Reason> {
        if plan.campaign.coupon_template_id.is_none() {
            return Ok(());
        }
        let Some(template) = &plan.template else { return Err(Reason::CouponNotClaimable) };
        rules::check_issuable(template, plan.now).map_err(|_| Reason::CouponNotClaimable)?;
        if copies.from_this_campaign {
            return Ok(());
        }
        rules::free_slot(&copies.slots, template.limit_per_member).ok_or(Reason::CouponLimitReached)?;
        if template.taken + self.taken.copies >= template.stock {
            return Err(Reason::CouponSoldOut);
        }
        self.taken.copies += 1;
        Ok(())
    }

    fn pay(&mut self, plan: &Plan, for_whom: (&Recipient, Option<&str>), step: &mut usize) -> Verdict {
        let campaign = (&plan.terms, &plan.wordings);
        match afford(campaign, for_whom, *step, (&mut self.purse, plan.now)) {
            Afforded::Go { step: paid, cost_fen } => {
                *step = paid;
                self.taken.fen += cost_fen;
                Verdict::Goes { cost_fen }
            }
            Afforded::Short(_) => Verdict::Held { reason: Reason::Budget, until: None },
        }
    }
}
