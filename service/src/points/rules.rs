//! The arithmetic of points, pure: a member's book (account and lots), what may be done with it, and what each act writes down.
//!
//! Invariants, held by every act and checked by [`Book::adds_up`]:
//! - `balance` = what is left of the open lots - `debt`;
//! - `pending` = what is left of the pending lots;
//! - while there is a debt no lot is open: whatever is gained pays the debt first;
//! - of each entry: `points + pending` = the sum of its moves - `debt_change`.
//!
//! An entry never changes. What is left of a lot is the sum of its moves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::points_lot::Model as Lot;
use entity::states::{LotState, PointsKind};

use crate::ids::{MemberId, PointsLotId, PurchaseId};
use crate::refusal::Refusal;

/// A member's points as they stand under the lock, and what was done to them since.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    pub member_id: MemberId,
    pub balance: i64,
    pub pending: i64,
    pub debt: i64,
    /// Those that are not closed, and whatever an act needs besides.
    pub lots: Vec<Lot>,
    pub entries: Vec<Entry>,
}

/// A line of the ledger that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: PointsKind,
    pub business_id: String,
    pub points: i64,
    pub pending: i64,
    pub debt_change: i64,
    pub balance_after: i64,
    pub moves: Vec<(PointsLotId, i64)>,
}

/// Points that come in as a lot of their own.
#[derive(Debug, Clone)]
pub struct Gain {
    pub lot_id: PointsLotId,
    pub kind: PointsKind,
    pub business_id: String,
    pub points: i64,
    pub purchase_id: Option<PurchaseId>,
    /// Until then they are pending.
    pub available_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// What to do where a refund takes back more than the member has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// The balance goes below zero; the next points pay it.
    Debt,
    /// The member keeps a zero; the caller takes the value of the rest from the refund.
    Leave,
}

/// Where points that were spent go back to when their lot is past.
#[derive(Debug, Clone, Copy)]
pub struct GraceLot {
    pub id: PointsLotId,
    pub expires_at: DateTime<Utc>,
}

impl Book {
    pub fn empty(member_id: MemberId) -> Self {
        Self { member_id, balance: 0, pending: 0, debt: 0, lots: Vec::new(), entries: Vec::new() }
    }

    /// Does what time has done: pending points whose day has come become available, lots that are past end. Every other act
    /// begins with it, so that a late job changes nothing.
    pub fn catch_up(&mut self, now: DateTime<Utc>) {
        for index in self.order(|lot| lot.state == LotState::Pending && lot.available_at <= now) {
            self.mature(index);
        }
        for index in self.order(|lot| lot.state == LotState::Open && is_past(lot, now)) {
            let left = self.lots[index].remaining;
            let entry = new_entry(PointsKind::Expiry, self.lots[index].id.to_string());
            let entry = self.take(index, left, entry);
            self.write(Entry { points: -left, ..entry });
        }
    }

    fn mature(&mut self, index: usize) {
        let lot = &mut self.lots[index];
        let points = lot.remaining;
        lot.state = LotState::Open;
        let entry = new_entry(PointsKind::Mature, lot.id.to_string());
        let entry = self.pay_debt(index, Entry { points, pending: -points, ..entry });
        self.close_if_empty(index);
        self.write(entry);
    }

    /// A gain of nothing leaves no trace.
    pub fn gain(&mut self, gain: Gain, now: DateTime<Utc>) {
        if gain.points <= 0 {
            return;
        }
        let is_pending = gain.available_at > now;
        let state = if is_pending { LotState::Pending } else { LotState::Open };
        let (id, points) = (gain.lot_id, gain.points);
        let entry = new_entry(gain.kind, gain.business_id.clone());
        self.lots.push(Lot {
            id,
            member_id: self.member_id,
            kind: gain.kind,
            purchase_id: gain.purchase_id,
            points,
            remaining: points,
            state,
            available_at: gain.available_at,
            expires_at: gain.expires_at,
            reminded_at: None,
            created_at: now,
        });
        let index = self.lots.len() - 1;
        let entry = Entry { moves: vec![(id, points)], ..entry };
        let entry = if is_pending {
            Entry { pending: points, ..entry }
        } else {
            self.pay_debt(index, Entry { points, ..entry })
        };
        self.close_if_empty(index);
        self.write(entry);
    }

    /// Takes points from the open lots, those that expire first before the others.
    ///
    /// # Refuses
    /// `points_short`
    pub fn spend(&mut self, kind: PointsKind, business_id: String, points: i64) -> Result<(), Refusal> {
        if points > self.balance {
            return Err(Refusal::PointsShort);
        }
        let (entry, _) = self.take_oldest(points, new_entry(kind, business_id));
        self.write(Entry { points: -points, ..entry });
        Ok(())
    }

    /// Gives back points that were spent, to the lots that they came from (`taken`); what came from a lot that is past goes to a
    /// grace lot. A debt that arose meanwhile is paid first.
    pub fn give_back(
        &mut self,
        business_id: String,
        taken: &[(PointsLotId, i64)],
        (grace, now): (GraceLot, DateTime<Utc>),
    ) {
        let mut entry = new_entry(PointsKind::Reversal, business_id);
        let mut graced = 0;
        for &(lot_id, points) in taken {
            entry.points += points;
            let left = points - self.settle_debt(points, &mut entry);
            match self.lots.iter().position(|lot| lot.id == lot_id && !is_past(lot, now)) {
                Some(index) => self.put(index, left, &mut entry),
                None => graced += left,
            }
        }
        if graced > 0 {
            self.lots.push(self.grace_lot(grace, graced, now));
            entry.moves.push((grace.id, graced));
        }
        self.write(entry);
    }

    /// Takes back what a purchase earned: from its own lot, then from those that expire first; `shortage` says what becomes of the
    /// rest. Answers how many points could not be taken.
    pub fn claw_back(
        &mut self,
        business_id: String,
        (purchase_id, points): (PurchaseId, i64),
        shortage: Shortage,
    ) -> i64 {
        let mut entry = new_entry(PointsKind::Refund, business_id);
        let mut left = points;
        if let Some(index) = self.lots.iter().position(|lot| lot.purchase_id == Some(purchase_id)) {
            let some = left.min(self.lots[index].remaining);
            match self.lots[index].state {
                LotState::Pending => entry.pending -= some,
                _ => entry.points -= some,
            }
            entry = self.take(index, some, entry);
            left -= some;
        }
        let taken;
        (entry, taken) = self.take_oldest(left, entry);
        entry.points -= taken;
        left -= taken;
        if shortage == Shortage::Debt {
            self.debt += left;
            entry.debt_change += left;
            entry.points -= left;
        }
        self.write(entry);
        left
    }

    /// Takes over another book, of which nothing is left: an entry of each says so. Whoever of the two owes points pays them from what
    /// the other has.
    pub fn take_over(&mut self, from: &mut Self, business_id: &str) {
        let mut given = new_entry(PointsKind::Merge, format!("{business_id}:from"));
        let mut taken = new_entry(PointsKind::Merge, format!("{business_id}:into"));
        for lot in from.lots.drain(..) {
            given.moves.push((lot.id, -lot.remaining));
            taken.moves.push((lot.id, lot.remaining));
            self.lots.push(Lot { member_id: self.member_id, ..lot });
        }
        (taken.points, taken.pending, taken.debt_change) = (from.balance, from.pending, from.debt);
        (given.points, given.pending, given.debt_change) = (-from.balance, -from.pending, -from.debt);
        self.debt += from.debt;
        from.debt = 0;
        from.write(given);
        let (mut taken, paid) = self.take_oldest(self.debt, taken);
        self.settle_debt(paid, &mut taken);
        self.write(Entry { moves: sum_by_lot(taken.moves), ..taken });
    }

    /// Whether the numbers of the account are what its lots say.
    pub fn adds_up(&self) -> bool {
        let left = |state| -> i64 {
            self.lots.iter().filter(|lot| lot.state == state).map(|lot| lot.remaining).sum()
        };
        let sound = |lot: &Lot| lot.remaining >= 0 && (lot.state == LotState::Closed) == (lot.remaining == 0);
        self.balance == left(LotState::Open) - self.debt
            && self.pending == left(LotState::Pending)
            && (self.debt == 0 || left(LotState::Open) == 0)
            && self.debt >= 0
            && self.lots.iter().all(sound)
    }

    /// The places of the lots that fit, those that expire first before the others, the older before the younger.
    fn order(&self, fits: impl Fn(&Lot) -> bool) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.lots.len()).filter(|index| fits(&self.lots[*index])).collect();
        places.sort_by_key(|index| {
            let lot = &self.lots[*index];
            (lot.expires_at.is_none(), lot.expires_at, lot.available_at, lot.id)
        });
        places
    }

    fn take(&mut self, index: usize, points: i64, mut entry: Entry) -> Entry {
        if points > 0 {
            self.lots[index].remaining -= points;
            entry.moves.push((self.lots[index].id, -points));
            self.close_if_empty(index);
        }
        entry
    }

    /// Up to so many points of the open lots, and how many that were.
    fn take_oldest(&mut self, points: i64, mut entry: Entry) -> (Entry, i64) {
        let mut taken = 0;
        for index in self.order(|lot| lot.state == LotState::Open) {
            let some = self.lots[index].remaining.min(points - taken);
            entry = self.take(index, some, entry);
            taken += some;
        }
        (entry, taken)
    }

    fn put(&mut self, index: usize, points: i64, entry: &mut Entry) {
        if points > 0 {
            let lot = &mut self.lots[index];
            lot.remaining += points;
            lot.state = LotState::Open;
            entry.moves.push((lot.id, points));
        }
    }

    /// Pays what it can of the debt with `points`; answers how many that took.
    fn settle_debt(&mut self, points: i64, entry: &mut Entry) -> i64 {
        let paid = points.min(self.debt);
        self.debt -= paid;
        entry.debt_change -= paid;
        paid
    }

    fn pay_debt(&mut self, index: usize, mut entry: Entry) -> Entry {
        let paid = self.settle_debt(self.lots[index].remaining, &mut entry);
        self.lots[index].remaining -= paid;
        if paid > 0 {
            let id = self.lots[index].id;
            match entry.moves.iter_mut().find(|(lot, _)| *lot == id) {
                Some((_, points)) => *points -= paid,
                None => entry.moves.push((id, -paid)),
            }
        }
        entry
    }

    fn close_if_empty(&mut self, index: usize) {
        if self.lots[index].remaining == 0 {
            self.lots[index].state = LotState::Closed;
        }
    }

    fn grace_lot(&self, grace: GraceLot, points: i64, now: DateTime<Utc>) -> Lot {
        Lot {
            id: grace.id,
            member_id: self.member_id,
            kind: PointsKind::Grace,
            purchase_id: None,
            points,
            remaining: points,
            state: LotState::Open,
            available_at: now,
            expires_at: Some(grace.expires_at),
            reminded_at: None,
            created_at: now,
        }
    }

    /// One that does nothing at all is not written.
    fn write(&mut self, mut entry: Entry) {
        entry.moves.retain(|(_, points)| *points != 0);
        if entry.points == 0 && entry.pending == 0 && entry.debt_change == 0 && entry.moves.is_empty() {
            return;
        }
        self.balance += entry.points;
        self.pending += entry.pending;
        entry.balance_after = self.balance;
        self.entries.push(entry);
    }
}

pub fn is_past(lot: &Lot, now: DateTime<Utc>) -> bool {
    lot.expires_at.is_some_and(|at| at <= now)
}

/// An entry moves a lot once.
fn sum_by_lot(moves: Vec<(PointsLotId, i64)>) -> Vec<(PointsLotId, i64)> {
    let mut sums: BTreeMap<PointsLotId, i64> = BTreeMap::new();
    for (lot, points) in moves {
        *sums.entry(lot).or_default() += points;
    }
    sums.into_iter().collect()
}

fn new_entry(kind: PointsKind, business_id: String) -> Entry {
    Entry { kind, business_id, points: 0, pending: 0, debt_change: 0, balance_after: 0, moves: Vec::new() }
}
