//! What each answer of a batch means for its delivery and for what the claim held for it. Decides, and writes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use entity::states::Channel;

use super::claim::{Claimed, Envelope};
use super::outcome::Outcome;
use super::reason::Reason;
use super::trouble::Verdict;
use super::{rest, retry};
use crate::consent::Emptied;
use crate::context::Context;
use crate::ids::{CouponId, DeliveryId, MemberId};

/// How a delivery goes on, so that rows with the same fate are updated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Failed(Reason),
    Unknown,
    Pending {
        not_before: DateTime<Utc>,
        reason: Option<Reason>,
        tried: bool,
    },
    /// The channel is closed for this member: the next one of the fall-back order is asked.
    NextStep {
        reason: Reason,
    },
}

/// What the claim had held for the members and what becomes of it.
#[derive(Default)]
pub(super) struct Holdings {
    pub consent_spent: Vec<MemberId>,
    pub consent_back: Vec<MemberId>,
    pub consent_gone: Vec<Emptied>,
    pub coupons_back: Vec<CouponId>,
    pub money_back: i64,
}

impl Holdings {
    /// The message surely had no effect: what it held is free again, but the coupon stays with a delivery that goes on.
    fn give_back(&mut self, envelope: &Envelope) {
        self.money_back += envelope.delivery.cost_fen;
        if envelope.delivery.channel == Channel::WechatSubscribe {
            self.consent_back.push(envelope.delivery.member_id);
        }
    }

    /// What was held for members who were merged away meanwhile is held for those who answer for them.
    pub fn follow(&mut self, merged: &HashMap<MemberId, MemberId>) {
        let emptied = self.consent_gone.iter_mut().map(|one| &mut one.member_id);
        for id in self.consent_spent.iter_mut().chain(&mut self.consent_back).chain(emptied) {
            *id = merged.get(id).copied().unwrap_or(*id);
        }
    }

    fn spend(&mut self, envelope: &Envelope) {
        if envelope.delivery.channel == Channel::WechatSubscribe {
            self.consent_spent.push(envelope.delivery.member_id);
        }
    }

    /// The platform says that the consent is used up, whatever was held.
    fn exhaust(&mut self, envelope: &Envelope, asked_at: DateTime<Utc>) {
        self.money_back += envelope.delivery.cost_fen;
        self.consent_gone.push(Emptied {
            member_id: envelope.delivery.member_id,
            key: format!("delivery|{}|exhausted", envelope.delivery.id),
            asked_at,
        });
    }
}

/// What is to be written for a batch.
#[derive(Default)]
pub(super) struct Plan<'a> {
    pub attempts: Vec<(&'a Envelope, &'a Outcome)>,
    pub sent: Vec<(&'a Envelope, &'a Outcome)>,
    pub fates: BTreeMap<Fate, Vec<DeliveryId>>,
    pub holdings: Holdings,
}

impl<'a> Plan<'a> {
    pub fn of(
        ctx: &Context,
        claimed: &'a Claimed,
        outcomes: &'a [(DeliveryId, Outcome)],
        (ours, verdict): (&BTreeSet<DeliveryId>, &Verdict),
    ) -> Self {
        let mut plan = Self::default();
        let envelopes: BTreeMap<DeliveryId, &Envelope> =
            claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, envelope)).collect();
        for (id, outcome) in outcomes {
            let Some(envelope) = envelopes.get(id).copied() else { continue };
            plan.attempts.push((envelope, outcome));
            if ours.contains(id) {
                let waits = verdict.content_is_template && matches!(outcome, Outcome::ContentRefused(_));
                let outcome_of_member = if waits { &Outcome::HandedBack } else { outcome };
                match fate(ctx, claimed, envelope, (outcome_of_member, &mut plan.holdings)) {
                    None => plan.sent.push((envelope, outcome)),
                    Some(fate) => plan.fates.entry(fate).or_default().push(*id),
                }
            } else if matches!(outcome, Outcome::Sent { .. }) {
                // The lease ended first: the answer that came after all settles the unknown.
                plan.sent.push((envelope, outcome));
            }
        }
        plan
    }
}

/// None for what was sent.
fn fate(
    ctx: &Context,
    claimed: &Claimed,
    envelope: &Envelope,
    (outcome, holdings): (&Outcome, &mut Holdings),
) -> Option<Fate> {
    let now = ctx.now();
    match outcome {
        Outcome::Sent { .. } => {
            holdings.spend(envelope);
            None
        }
        Outcome::Unknown(_) => {
            holdings.spend(envelope);
            Some(Fate::Unknown)
        }
        Outcome::ContentRefused(_) => {
            let reason = Reason::ContentInvalid;
            holdings.give_back(envelope);
            if has_next_step(claimed, envelope) && is_personal(envelope.delivery.channel, reason) {
                return Some(Fate::NextStep { reason });
            }
            holdings.coupons_back.extend(envelope.delivery.coupon_id);
            Some(Fate::Failed(Reason::ContentInvalid))
        }
        Outcome::Refused { reason, told } => {
            if *reason == Reason::NoConsent {
                holdings.exhaust(envelope, told.started_at);
            } else {
                holdings.give_back(envelope);
            }
            if has_next_step(claimed, envelope) && is_personal(envelope.delivery.channel, *reason) {
                return Some(Fate::NextStep { reason: *reason });
            }
            holdings.coupons_back.extend(envelope.delivery.coupon_id);
            Some(Fate::Failed(*reason))
        }
        Outcome::Again { retry_after, reason, .. } => {
            holdings.give_back(envelope);
            // The lane was full: that is not this message's failure and does not count as a try of it.
            let throttled = *reason == Reason::PlatformThrottled;
            let fate = again(
                ctx,
                claimed,
                envelope,
                (*reason, if throttled { retry_after.or(Some(rest::THROTTLED)) } else { *retry_after }),
            );
            if matches!(fate, Fate::Failed(_)) {
                holdings.coupons_back.extend(envelope.delivery.coupon_id);
            }
            Some(fate)
        }
        Outcome::CampaignBroken(_) | Outcome::HandedBack => {
            holdings.give_back(envelope);
            Some(Fate::Pending { not_before: now, reason: None, tried: false })
        }
    }
}

/// Another try after `wait`, if there may be one and it comes before the offer's end.
fn again(
    ctx: &Context,
    claimed: &Claimed,
    envelope: &Envelope,
    (reason, wait): (Reason, Option<Duration>),
) -> Fate {
    let tries = envelope.delivery.attempts;
    let tried = reason != Reason::PlatformThrottled;
    if tried && tries >= ctx.settings.delivery.max_attempts {
        return Fate::Failed(Reason::TriesExceeded);
    }
    let ends_at = claimed.campaign.offer_ends_at;
    match retry::next_try((envelope.delivery.id, tries), wait, ctx.now(), ends_at) {
        Some(not_before) => Fate::Pending { not_before, reason: Some(reason), tried },
        None => Fate::Failed(Reason::OfferEnded),
    }
}

fn has_next_step(claimed: &Claimed, envelope: &Envelope) -> bool {
    usize::try_from(envelope.delivery.step).is_ok_and(|step| step + 1 < claimed.steps)
}

/// A no that is about this member on this channel: no consent left, no such openid, a number that the supplier does not serve.
fn is_personal(channel: Channel, reason: Reason) -> bool {
    match reason {
        Reason::NoConsent | Reason::NoAddress => true,
        Reason::PlatformRefused | Reason::OptedOut => channel == Channel::Sms,
        _ => false,
    }
}
