//! Sorts a claimed batch by what the gates decide: what goes out and on which channel, what is held back and why. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::states::{Channel, DeliveryState};

use super::facts::{Facts, Recipient, Terms};
use super::held::Held;
use super::priority::Rivals;
use super::reason::Reason;
use super::row::Row;
use super::rules::{Choice, Decision, asked, choose, wait};
use super::saw::Saw;
use crate::ids::CouponId;

/// A delivery that goes out, with channel and step as they were chosen.
pub struct Go {
    pub row: Row,
    /// The step from which on the gates were asked.
    pub from: usize,
}

pub struct Sorting<'a> {
    pub terms: &'a Terms,
    pub facts: &'a Facts,
    pub now: DateTime<Utc>,
    pub go: Vec<Go>,
    pub held: Vec<Held>,
    /// Coupons of an earlier try whose delivery ends here.
    pub coupons_back: Vec<CouponId>,
}

impl<'a> Sorting<'a> {
    pub fn new(terms: &'a Terms, facts: &'a Facts, now: DateTime<Utc>) -> Self {
        Self { terms, facts, now, go: Vec::new(), held: Vec::new(), coupons_back: Vec::new() }
    }

    pub fn by_gates(&mut self, rows: Vec<Row>, rivals: &Rivals, resting: &BTreeMap<Channel, DateTime<Utc>>) {
        for row in rows {
            match self.facts.get(&row.member_id) {
                Some(recipient) => self.by_gates_of(row, recipient, (rivals, resting)),
                None => {
                    let saw = Saw { at: self.now, gates: Vec::new() }.and(0, "membership", "gone".to_owned());
                    self.hold(&row, Decision::Suppress(Reason::MemberInactive), saw);
                }
            }
        }
    }

    fn by_gates_of(
        &mut self,
        mut row: Row,
        recipient: &Recipient,
        (rivals, resting): (&Rivals, &BTreeMap<Channel, DateTime<Utc>>),
    ) {
        let from = usize::try_from(row.step).unwrap_or_default();
        let Choice { step, decision } = choose(self.terms, recipient, from, self.now);
        let saw = || Saw::of(&asked(self.terms, recipient, from, self.now), self.now);
        if decision != Decision::Send {
            let saw = saw();
            return self.hold(&row, decision, saw);
        }
        let Some(channel) = self.terms.steps.get(step).map(|step| step.channel) else { return };
        if let Some(until) = resting.get(&channel) {
            let saw = saw().and(step, "rate", format!("{} rests", channel.as_str()));
            return self.put_back(&row, (Reason::PlatformThrottled, *until), saw);
        }
        if let Some(until) = rivals.wait(recipient, (channel, &self.terms.topic), self.now) {
            let saw = saw().and(step, "priority", "a campaign of higher priority".to_owned());
            let decision = wait(self.terms, recipient, step, (until, Reason::YieldsToPriority, self.now));
            return self.hold(&row, decision, saw);
        }
        row.channel = channel;
        row.step = i32::try_from(step).unwrap_or_default();
        self.go.push(Go { row, from });
    }

    /// Suppressed, or deferred until the decision's time.
    pub fn hold(&mut self, row: &Row, decision: Decision, saw: Saw) {
        let (state, reason, not_before) = match decision {
            Decision::Defer { until, reason } => (DeliveryState::Deferred, reason, until),
            Decision::Suppress(reason) => (DeliveryState::Suppressed, reason, row.not_before),
            Decision::Send => return,
        };
        if state == DeliveryState::Suppressed {
            self.coupons_back.extend(row.coupon_id);
        }
        self.held.push(Held { id: row.id, state, reason, not_before, saw });
    }

    /// Waits for something that is not the member's doing.
    pub fn put_back(&mut self, row: &Row, (reason, not_before): (Reason, DateTime<Utc>), saw: Saw) {
        self.held.push(Held { id: row.id, state: DeliveryState::Pending, reason, not_before, saw });
    }

    /// What the gates saw of a delivery that they let pass.
    pub fn passed(&self, go: &Go) -> Saw {
        let gates = self.facts.get(&go.row.member_id);
        let gates = gates.map(|recipient| asked(self.terms, recipient, go.from, self.now));
        Saw::of(&gates.unwrap_or_default(), self.now)
    }
}
