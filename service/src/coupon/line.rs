//! The lines in which claims wait, one per template and process: who is next, who may still join, and the note that a
//! template is sold out.
//!
//! Members take turns: one claim of each, in the order in which they came, so that who taps a hundred times is served
//! once for each time that the others are.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::oneshot;

use super::claim::Decision;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::refusal::Refusal;
use crate::session::MemberToken;

/// Claims decided by one transaction at most: past a few hundred rows per statement nothing is gained.
const BATCH: usize = 256;
/// Claims of one template that may wait in this process. More is answered with 429.
const LINE: usize = 20_000;
/// Of these so many of one member.
const LINE_OF_MEMBER: usize = 64;
/// For how long a process believes that a template is sold out without looking.
const SOLD_OUT_KEPT: Duration = Duration::seconds(2);

/// A claim that waits for its decision.
pub struct Waiting {
    pub member_id: MemberId,
    /// Of a member whose session is still to be looked up.
    pub token: Option<MemberToken>,
    pub answer: oneshot::Sender<Decision>,
}

/// The lines of this process.
#[derive(Clone, Default)]
pub struct ClaimDesk {
    lines: Arc<Mutex<HashMap<CouponTemplateId, Line>>>,
}

/// Members whose turn comes, each once, and what each has in line.
pub struct Turns<T> {
    next: VecDeque<MemberId>,
    of_member: HashMap<MemberId, VecDeque<T>>,
    waiting: usize,
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self { next: VecDeque::new(), of_member: HashMap::new(), waiting: 0 }
    }
}

impl<T> Turns<T> {
    /// Behind the member's own earlier ones, and behind everybody who is in line. False when there is no more room.
    pub fn push(&mut self, member_id: MemberId, one: T) -> bool {
        let own = self.of_member.entry(member_id).or_default();
        if self.waiting >= LINE || own.len() >= LINE_OF_MEMBER {
            return false;
        }
        if own.is_empty() {
            self.next.push_back(member_id);
        }
        own.push_back(one);
        self.waiting += 1;
        true
    }

    /// One of each member whose turn it is, of a batch at most.
    pub fn take(&mut self) -> Vec<T> {
        let most = self.next.len().min(BATCH);
        let mut batch = Vec::with_capacity(most);
        for _ in 0..most {
            let Some(member_id) = self.next.pop_front() else { break };
            let Some(own) = self.of_member.get_mut(&member_id) else { continue };
            batch.extend(own.pop_front());
            if own.is_empty() {
                self.of_member.remove(&member_id);
            } else {
                self.next.push_back(member_id);
            }
        }
        self.waiting -= batch.len();
        batch
    }
}

#[derive(Default)]
struct Line {
    turns: Turns<Waiting>,
    worker_runs: bool,
    sold_out: Option<(DateTime<Utc>, Refusal)>,
    /// Rises with each change of the template, so that a decision made before it leaves no note after it.
    changes: u64,
}

pub(super) enum Joined {
    StartWorker,
    WorkerRuns,
}

impl ClaimDesk {
    /// The template's stock or rules changed: what was noted about it is void.
    pub fn forget(&self, template_id: CouponTemplateId) {
        if let Some(line) = self.lock().get_mut(&template_id) {
            line.sold_out = None;
            line.changes += 1;
        }
    }

    /// # Refuses
    /// `coupon_sold_out`, `coupon_sold_out_today`
    pub(super) fn join(
        &self,
        template_id: CouponTemplateId,
        now: DateTime<Utc>,
        waiting: Waiting,
    ) -> Result<Joined> {
        let mut lines = self.lock();
        let line = lines.entry(template_id).or_default();
        if let Some((_, refusal)) = line.sold_out.filter(|(at, _)| now - *at < SOLD_OUT_KEPT) {
            return Err(refusal.into());
        }
        if !line.turns.push(waiting.member_id, waiting) {
            return Err(Error::RateLimited { retry_after: std::time::Duration::from_secs(1) });
        }
        let joined = if line.worker_runs { Joined::WorkerRuns } else { Joined::StartWorker };
        line.worker_runs = true;
        Ok(joined)
    }

    /// The next claims to decide, and how often the template had changed; none ends the worker.
    pub(super) fn next(&self, template_id: CouponTemplateId) -> Option<(Vec<Waiting>, u64)> {
        let mut lines = self.lock();
        let line = lines.get_mut(&template_id)?;
        let batch = line.turns.take();
        if !batch.is_empty() {
            return Some((batch, line.changes));
        }
        line.worker_runs = false;
        if line.sold_out.is_none() {
            lines.remove(&template_id);
        }
        None
    }

    pub(super) fn note_sold_out(
        &self,
        template_id: CouponTemplateId,
        note: (DateTime<Utc>, Refusal),
        changes: u64,
    ) {
        if let Some(line) = self.lock().get_mut(&template_id)
            && line.changes == changes
        {
            line.sold_out = Some(note);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CouponTemplateId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears the line when its worker dies half way (a runtime that shuts down), so that the next claim starts another.
pub(super) struct WorkerGuard<'a>(pub &'a ClaimDesk, pub CouponTemplateId);

impl Drop for WorkerGuard<'_> {
    fn drop(&mut self) {
        let mut lines = self.0.lock();
        if lines.get(&self.1).is_some_and(|line| line.worker_runs) {
            lines.remove(&self.1);
        }
    }
}
