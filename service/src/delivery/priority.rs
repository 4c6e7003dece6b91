//! Who takes a member's last cap slot when two campaigns are due in the same hour: the one of higher priority.
//!
//! A delivery whose slot would leave none for an open delivery of a higher campaign waits until that one has ended. It waits for
//! none that is closed for the member by another gate, and for none that has been due for more than an hour: that a campaign is slow does not
//! starve the others. Two campaigns of the same priority do not wait for each other.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::{Channel, DeliveryState, MessageClass};
use entity::{campaign, delivery};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::caps::Slot;
use super::facts::{Recipient, Terms};
use super::rules::{Decision, choose};
use super::standing::RUNNING;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CampaignId, MemberId};
use crate::policy;

/// Campaigns that are due within it compete.
const SAME_HOUR: Duration = Duration::hours(1);
/// How long a delivery waits before it looks again whether the higher one has ended.
const LOOK_AGAIN: Duration = Duration::minutes(5);

/// Open deliveries of higher campaigns to the members of a batch.
#[derive(Default)]
pub struct Rivals {
    pub terms: Vec<Terms>,
    of_member: HashMap<MemberId, Vec<Rival>>,
}

/// One open delivery of a higher campaign.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    /// Its place in [`Rivals::terms`], which stand in the order of priority.
    pub campaign: usize,
    pub due: DateTime<Utc>,
    pub step: usize,
}

impl Rivals {
    /// One query while no higher campaign runs, two and the terms of each while one does.
    pub async fn of(
        ctx: &Context,
        txn: &impl ConnectionTrait,
        campaign: &campaign::Model,
        members: &[MemberId],
    ) -> Result<Self> {
        if campaign.class != MessageClass::Marketing {
            return Ok(Self::default());
        }
        let higher = campaign::Entity::find()
            .filter(campaign::Column::State.is_in(RUNNING))
            .filter(campaign::Column::Class.eq(MessageClass::Marketing))
            .filter(campaign::Column::Priority.gt(campaign.priority))
            .order_by_desc(campaign::Column::Priority)
            .order_by_asc(campaign::Column::Id)
            .all(txn)
            .await?;
        if higher.is_empty() || members.is_empty() {
            return Ok(Self::default());
        }
        let of_member = open_deliveries(ctx, txn, &higher, members).await?;
        if of_member.is_empty() {
            return Ok(Self::default());
        }
        let policy = policy::load(ctx, txn).await?;
        let terms = higher.iter().map(|one| Terms::under(ctx, &policy, one, 0)).collect::<Result<_>>()?;
        Ok(Self { terms, of_member })
    }

    /// Until when a message on `channel` waits for a higher one to the same member; None when it need not.
    pub fn wait(
        &self,
        recipient: &Recipient,
        (channel, topic): (Channel, &str),
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let rivals = self.of_member.get(&recipient.member_id)?;
        let mine = Slot { at: now, channel, topic: topic.to_owned() };
        yields(&self.terms, recipient, (rivals, mine), now)
    }
}

/// Pure: whether `mine` would take what one of `rivals` (in the order of priority) needs, and when to look again.
pub fn yields(
    terms: &[Terms],
    recipient: &Recipient,
    (rivals, mine): (&[Rival], Slot),
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let mut without = recipient.clone();
    let mut with = recipient.clone();
    with.slots.push(mine);
    for rival in rivals {
        let terms = terms.get(rival.campaign)?;
        let Some((at, step)) = goes_out(terms, &without, rival, now) else { continue };
        let kept = choose(terms, &with, rival.step, at);
        if kept.decision != Decision::Send || kept.step != step {
            let last = rival.due.max(now) + SAME_HOUR;
            return Some((at.max(now) + LOOK_AGAIN).min(last));
        }
        let channel = terms.steps.get(step)?.channel;
        let theirs = Slot { at, channel, topic: terms.topic.clone() };
        without.slots.push(theirs.clone());
        with.slots.push(theirs);
    }
    None
}

/// When and on which step the rival goes out within the hour; None when it does not, whatever this one does.
fn goes_out(
    terms: &Terms,
    recipient: &Recipient,
    rival: &Rival,
    now: DateTime<Utc>,
) -> Option<(DateTime<Utc>, usize)> {
    let mut at = rival.due.max(now);
    // A second look, since what a wait ends in may be another wait.
    for _ in 0..3 {
        let choice = choose(terms, recipient, rival.step, at);
        match choice.decision {
            Decision::Send => return Some((at, choice.step)),
            Decision::Defer { until, .. } if until <= now + SAME_HOUR => at = until,
            _ => return None,
        }
    }
    None
}

async fn open_deliveries(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    higher: &[campaign::Model],
    members: &[MemberId],
) -> Result<HashMap<MemberId, Vec<Rival>>> {
    use delivery::Column::{CampaignId as OfCampaign, MemberId as Member, NotBefore, State, Step};
    let places: HashMap<CampaignId, usize> =
        higher.iter().enumerate().map(|(place, one)| (one.id, place)).collect();
    let waiting = [DeliveryState::Pending, DeliveryState::Queued, DeliveryState::Deferred];
    let rows: Vec<(MemberId, CampaignId, DateTime<Utc>, i32)> = delivery::Entity::find()
        .select_only()
        .columns([Member, OfCampaign, NotBefore, Step])
        .filter(OfCampaign.is_in(places.keys().copied()))
        .filter(Member.is_in(members.iter().copied()))
        .filter(State.is_in(waiting))
        .filter(NotBefore.gt(ctx.now() - SAME_HOUR))
        .filter(NotBefore.lte(ctx.now() + SAME_HOUR))
        .into_tuple()
        .all(txn)
        .await?;
    let mut of_member: HashMap<MemberId, Vec<Rival>> = HashMap::new();
    for (member, campaign, due, step) in rows {
        let Some(place) = places.get(&campaign) else { continue };
        let step = usize::try_from(step).unwrap_or_default();
        of_member.entry(member).or_default().push(Rival { campaign: *place, due, step });
    }
    for rivals in of_member.values_mut() {
        rivals.sort_by_key(|rival| rival.campaign);
    }
    Ok(of_member)
}
