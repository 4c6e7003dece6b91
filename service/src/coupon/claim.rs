//! Members claim copies. Claims of one template are decided together: while one transaction commits, those that arrive
//! wait in line, and the next transaction decides them all. An answer is given only after the commit.
//!
//! One task per template and process works its line off, so a hot template costs this process one transaction at a time.
//! Several processes race on the template's row; the statements of [`super::issue`] alone make that exact. The line keeps a
//! short-lived note that a template is sold out, so that the crowd after the end costs no SQL. The note is dropped when
//! the template changes, and ages within seconds in processes that did not see the change.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};
use entity::member;
use tokio::sync::oneshot;

use super::issue::{IssueOrder, Outcome, issue_copies, lock_members, lock_template};
use super::{HeldCoupon, offer, rules};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;

/// Claims decided by one transaction at most: past a few hundred rows per statement nothing is gained.
const BATCH: usize = 256;
/// Claims of one template that may wait in this process. More is answered with 429.
const LINE: usize = 20_000;
/// For how long a process believes that a template is sold out without looking.
const SOLD_OUT_KEPT: Duration = Duration::seconds(2);

/// Claims one copy for a member.
///
/// # Refuses
/// `coupon_not_claimable`, `coupon_sold_out`, `coupon_limit_reached`, `member_disabled`
pub async fn claim(
    ctx: &Context,
    member: &member::Model,
    template_id: CouponTemplateId,
) -> Result<HeldCoupon> {
    match claim_for(ctx, member.id, template_id).await {
        // Merged since the request began: the claim is that of who answers for the member.
        Err(Error::Refused(Refusal::MemberDisabled)) => {
            let current = redirect::current(ctx.db.read(), member.id).await?;
            if current == member.id {
                return Err(Refusal::MemberDisabled.into());
            }
            claim_for(ctx, current, template_id).await
        }
        decided => decided,
    }
}

async fn claim_for(ctx: &Context, member_id: MemberId, template_id: CouponTemplateId) -> Result<HeldCoupon> {
    let (answer, decided) = oneshot::channel();
    match ctx.claims.join(template_id, ctx.now(), Waiting { member_id, answer })? {
        Joined::StartWorker => drop(tokio::spawn(work_off(ctx.clone(), template_id))),
        Joined::WorkerRuns => {}
    }
    match decided.await {
        Ok(Ok(coupon)) => Ok(coupon),
        Ok(Err(failure)) => Err(failure.into()),
        Err(_) => Err(undecided()),
    }
}

/// The lines of this process.
#[derive(Clone, Default)]
pub struct ClaimDesk {
    lines: Arc<Mutex<HashMap<CouponTemplateId, Line>>>,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    worker_runs: bool,
    sold_out_at: Option<DateTime<Utc>>,
    /// Rises with each change of the template, so that a decision made before it leaves no note after it.
    changes: u64,
}

struct Waiting {
    member_id: MemberId,
    answer: oneshot::Sender<Decision>,
}

type Decision = std::result::Result<HeldCoupon, Failure>;

#[derive(Debug, Clone, Copy)]
enum Failure {
    Refused(Refusal),
    NoTemplate,
    Undecided,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::NoTemplate => Self::NotFound("coupon template"),
            Failure::Undecided => undecided(),
        }
    }
}

fn undecided() -> Error {
    Error::unavailable("database", anyhow::anyhow!("the claim's transaction did not end well"))
}

enum Joined {
    StartWorker,
    WorkerRuns,
}

impl ClaimDesk {
    /// The template's stock or rules changed: what was noted about it is void.
    pub fn forget(&self, template_id: CouponTemplateId) {
        if let Some(line) = self.lock().get_mut(&template_id) {
            line.sold_out_at = None;
            line.changes += 1;
        }
    }

    fn join(&self, template_id: CouponTemplateId, now: DateTime<Utc>, waiting: Waiting) -> Result<Joined> {
        let mut lines = self.lock();
        let line = lines.entry(template_id).or_default();
        if line.sold_out_at.is_some_and(|at| now - at < SOLD_OUT_KEPT) {
            return Err(Refusal::CouponSoldOut.into());
        }
        if line.waiting.len() >= LINE {
            return Err(Error::RateLimited { retry_after: std::time::Duration::from_secs(1) });
        }
        line.waiting.push_back(waiting);
        let joined = if line.worker_runs { Joined::WorkerRuns } else { Joined::StartWorker };
        line.worker_runs = true;
        Ok(joined)
    }

    /// The next claims to decide; none ends the worker.
    fn next(&self, template_id: CouponTemplateId) -> Option<(Vec<Waiting>, u64)> {
        let mut lines = self.lock();
        let line = lines.get_mut(&template_id)?;
        let batch: Vec<_> = line.waiting.drain(..line.waiting.len().min(BATCH)).collect();
        if !batch.is_empty() {
            return Some((batch, line.changes));
        }
        line.worker_runs = false;
        if line.sold_out_at.is_none() {
            lines.remove(&template_id);
        }
        None
    }

    fn note_sold_out(&self, template_id: CouponTemplateId, now: DateTime<Utc>, changes: u64) {
        if let Some(line) = self.lock().get_mut(&template_id)
            && line.changes == changes
        {
            line.sold_out_at = Some(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CouponTemplateId, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clears the line when its worker dies half way (a runtime that shuts down), so that the next claim starts another.
struct WorkerGuard<'a>(&'a ClaimDesk, CouponTemplateId);

impl Drop for WorkerGuard<'_> {
    fn drop(&mut self) {
        let mut lines = self.0.lock();
        if lines.get(&self.1).is_some_and(|line| line.worker_runs) {
            lines.remove(&self.1);
        }
    }
}

async fn work_off(ctx: Context, template_id: CouponTemplateId) {
    let guard = WorkerGuard(&ctx.claims, template_id);
    while let Some((batch, changes)) = ctx.claims.next(template_id) {
        let members: Vec<MemberId> = batch.iter().map(|waiting| waiting.member_id).collect();
        let decisions = decide(&ctx, template_id, &members).await;
        if decisions.iter().any(|one| matches!(one, Err(Failure::Refused(Refusal::CouponSoldOut)))) {
            ctx.claims.note_sold_out(template_id, ctx.now(), changes);
        }
        for (waiting, decision) in batch.into_iter().zip(decisions) {
            // A claimant who hung up keeps the copy; the answer alone is lost.
            let _ = waiting.answer.send(decision);
        }
    }
    // The line is at rest, and another worker may already have it.
    std::mem::forget(guard);
}

async fn decide(ctx: &Context, template_id: CouponTemplateId, members: &[MemberId]) -> Vec<Decision> {
    let failure = match claim_together(ctx, template_id, members).await {
        Ok(decisions) => return decisions,
        Err(Error::NotFound(_)) => Failure::NoTemplate,
        Err(error) => {
            tracing::error!(%template_id, claims = members.len(), error = ?error, "claims could not be decided");
            Failure::Undecided
        }
    };
    vec![Err(failure); members.len()]
}

/// One transaction for the claims of a batch.
async fn claim_together(
    ctx: &Context,
    template_id: CouponTemplateId,
    members: &[MemberId],
) -> Result<Vec<Decision>> {
    let order = IssueOrder { template_id, member_ids: members, source: "claim", source_id: None };
    let txn = ctx.db.begin().await?;
    let active = lock_members(&txn, members).await?;
    let template = lock_template(&txn, template_id).await?;
    let outcomes: Vec<Outcome> = match rules::check_claimable(&template, ctx.now()) {
        Ok(()) => issue_copies(ctx, &txn, &template, &active, &order).await?,
        Err(refusal) => vec![Err(refusal); members.len()],
    };
    let offer = offer::load(&txn, template_id).await?;
    txn.commit().await?;
    Ok(outcomes
        .into_iter()
        .map(|outcome| {
            outcome.map(|coupon| HeldCoupon { coupon, offer: offer.clone() }).map_err(Failure::Refused)
        })
        .collect())
}
