//! Why: for one member and one campaign, what happened, what each gate saw when it was decided, and what each sees now.

use entity::states::Channel;
use entity::{attempt, delivery};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::experiment::{Place, Split};
use super::find;
use crate::context::Context;
use crate::delivery::{Decision, Gate, Reason, Saw, Terms, gates, gather};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};
use crate::redirect;
use crate::staff::StaffCaller;

#[derive(Debug, Clone)]
pub struct Explanation {
    /// None: the member is not in the campaign's audience (yet).
    pub delivery: Option<delivery::Model>,
    pub reason: Option<Reason>,
    /// In the hold-out of the campaign or of its experiment, by the draw.
    pub held_out: bool,
    /// The wording that the draw gives the member.
    pub variant: Option<String>,
    pub attempts: Vec<attempt::Model>,
    /// What the gates saw when it was held back last; None for what went out, which all of them let pass.
    pub decided: Option<Saw>,
    /// What each gate would say now, in the order in which they are asked.
    pub gates: Vec<GateView>,
}

#[derive(Debug, Clone)]
pub struct GateView {
    /// Of the fall-back order.
    pub step: usize,
    pub channel: Channel,
    pub name: &'static str,
    pub passes: bool,
    pub reason: Option<Reason>,
    pub saw: String,
}

pub async fn explain(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    member_id: MemberId,
) -> Result<Explanation> {
    let campaign = find(ctx, caller, id).await?;
    let member_id = redirect::current(ctx.db.read(), member_id).await?;
    let delivery = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::MemberId.eq(member_id))
        .one(ctx.db.read())
        .await?;
    let attempts = match &delivery {
        Some(delivery) => attempts_of(ctx, delivery).await?,
        None => Vec::new(),
    };
    let terms = Terms::of(ctx, ctx.db.read(), &campaign).await?;
    let facts = gather(ctx, ctx.db.read(), &terms, &[member_id]).await?;
    let mut recipient = facts.get(&member_id).cloned().ok_or(Error::NotFound("member"))?;
    // The delivery's own slot must not count against itself.
    if let Some(own) = delivery.as_ref().and_then(|delivery| delivery.slot_at)
        && let Some(place) = recipient.slots.iter().position(|slot| slot.at == own)
    {
        recipient.slots.swap_remove(place);
    }
    let split = Split::of(&campaign)?;
    let (held_out, variant) = match split.place(member_id) {
        Place::Holdout => (true, None),
        Place::Gets(variant) => (false, variant.map(str::to_owned)),
    };
    let decided = delivery.as_ref().and_then(|delivery| delivery.saw.clone());
    let decided = decided.map(serde_json::from_value).transpose().map_err(Error::internal)?;
    let gates = gates(&terms, &recipient, ctx.now()).into_iter().map(view).collect();
    let reason = delivery.as_ref().and_then(|delivery| Reason::from_code(delivery.reason.as_deref()?));
    Ok(Explanation { delivery, reason, held_out, variant, attempts, decided, gates })
}

/// Tries are kept one by one only where one failed; a message that went out at the first says the rest by its own row.
async fn attempts_of(ctx: &Context, delivery: &delivery::Model) -> Result<Vec<attempt::Model>> {
    let kept = attempt::Entity::find()
        .filter(attempt::Column::DeliveryId.eq(delivery.id))
        .order_by_asc(attempt::Column::Id)
        .all(ctx.db.read())
        .await?;
    let (true, Some(sent_at)) = (kept.is_empty(), delivery.sent_at) else { return Ok(kept) };
    Ok(vec![attempt::Model {
        id: delivery.id.0.into(),
        delivery_id: delivery.id,
        number: delivery.attempts,
        outcome: "sent".to_owned(),
        code: None,
        message: None,
        started_at: delivery.claimed_at.unwrap_or(sent_at),
        ended_at: sent_at,
    }])
}

fn view(gate: Gate) -> GateView {
    let reason = match gate.stopped {
        Some(Decision::Suppress(reason) | Decision::Defer { reason, .. }) => Some(reason),
        Some(Decision::Send) | None => None,
    };
    GateView {
        step: gate.step,
        channel: gate.channel,
        name: gate.name,
        passes: gate.stopped.is_none(),
        reason,
        saw: gate.saw,
    }
}
