//! Members claim copies. Claims of one template are decided together: while one transaction commits, those that arrive
//! wait in line ([`super::line`]), and the next transaction decides them all. An answer is given only after the commit.
//!
//! One task per template and process works its line off, so a hot template costs this process one transaction at a time, and
//! a claim costs no statement of its own: the sessions are looked up together too. Several processes race on the template's
//! row; the statements of [`super::issue`] alone make that exact. The line keeps a short-lived note that a template
//! is sold out, so that the crowd after the end costs no SQL. The note is dropped when the template changes, and ages
//! within seconds in processes that did not see the change.

use entity::member;
use tokio::sync::oneshot;

use super::issue::{IssueOrder, Outcome, issue_copies, lock_template};
use super::line::{Joined, Waiting, WorkerGuard};
use super::{HeldCoupon, offer, rules};
use crate::context::Context;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;
use crate::session::{self, MemberToken};

/// Claims one copy for a member who is known to be signed in.
///
/// # Refuses
/// `coupon_not_claimable`, `coupon_not_for_tier`, `coupon_sold_out`, `coupon_sold_out_today`, `coupon_limit_reached`,
/// `coupon_daily_limit_reached`, `member_disabled`
pub async fn claim(
    ctx: &Context,
    member: &member::Model,
    template_id: CouponTemplateId,
) -> Result<HeldCoupon> {
    match stand_in_line(ctx, template_id, (member.id, None)).await {
        // Merged since the request began: the claim is that of who answers for the member.
        Err(Error::Refused(Refusal::MemberDisabled)) => {
            let current = redirect::current(ctx.db.read(), member.id).await?;
            if current == member.id {
                return Err(Refusal::MemberDisabled.into());
            }
            stand_in_line(ctx, template_id, (current, None)).await
        }
        decided => decided,
    }
}

/// As [`claim`], for a member whose session is looked up by the transaction that decides.
///
/// # Refuses
/// as [`claim`]; after the end of the stock `coupon_sold_out`, whatever became of the session
pub async fn claim_by_token(
    ctx: &Context,
    token: MemberToken,
    template_id: CouponTemplateId,
) -> Result<HeldCoupon> {
    match stand_in_line(ctx, template_id, (token.member_id, Some(token))).await {
        // Merged since the request began: the session is now that of who answers for the member.
        Err(Error::Refused(Refusal::MemberDisabled))
            if redirect::is_merged(ctx.db.read(), &[token.member_id]).await? =>
        {
            stand_in_line(ctx, template_id, (token.member_id, Some(token))).await
        }
        decided => decided,
    }
}

async fn stand_in_line(
    ctx: &Context,
    template_id: CouponTemplateId,
    (member_id, token): (MemberId, Option<MemberToken>),
) -> Result<HeldCoupon> {
    let (answer, decided) = oneshot::channel();
    match ctx.claims.join(template_id, ctx.now(), Waiting { member_id, token, answer })? {
        Joined::StartWorker => drop(tokio::spawn(work_off(ctx.clone(), template_id))),
        Joined::WorkerRuns => {}
    }
    match decided.await {
        Ok(Ok(coupon)) => Ok(coupon),
        Ok(Err(failure)) => Err(failure.into()),
        Err(_) => Err(undecided()),
    }
}

pub(super) type Decision = std::result::Result<HeldCoupon, Failure>;

#[derive(Debug, Clone, Copy)]
pub enum Failure {
    Refused(Refusal),
    NoSession,
    NoTemplate,
    Undecided,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::NoSession => Self::Unauthenticated,
            Failure::NoTemplate => Self::NotFound("coupon template"),
            Failure::Undecided => undecided(),
        }
    }
}

fn undecided() -> Error {
    Error::unavailable("database", anyhow::anyhow!("the claim's transaction did not end well"))
}

async fn work_off(ctx: Context, template_id: CouponTemplateId) {
    let guard = WorkerGuard(&ctx.claims, template_id);
    while let Some((batch, changes)) = ctx.claims.next(template_id) {
        let decisions = decide(&ctx, template_id, &batch).await;
        if let Some(refusal) = decisions.iter().find_map(sold_out) {
            ctx.claims.note_sold_out(template_id, (ctx.now(), refusal), changes);
        }
        for (waiting, decision) in batch.into_iter().zip(decisions) {
            // A claimant who hung up keeps the copy; the answer alone is lost.
            let _ = waiting.answer.send(decision);
        }
    }
    // The line is at rest, and another worker may already have it.
    std::mem::forget(guard);
}

fn sold_out(decision: &Decision) -> Option<Refusal> {
    match decision {
        Err(Failure::Refused(refusal @ (Refusal::CouponSoldOut | Refusal::CouponSoldOutToday))) => {
            Some(*refusal)
        }
        _ => None,
    }
}

async fn decide(ctx: &Context, template_id: CouponTemplateId, batch: &[Waiting]) -> Vec<Decision> {
    match claim_together(ctx, template_id, batch).await {
        Ok(decisions) => decisions,
        Err(error) => {
            tracing::error!(%template_id, claims = batch.len(), error = ?error, "claims could not be decided");
            vec![Err(Failure::Undecided); batch.len()]
        }
    }
}

/// One transaction for the claims of a batch. Whose a claim is, its session's row says: a member who was merged has left it to another.
async fn claim_together(
    ctx: &Context,
    template_id: CouponTemplateId,
    batch: &[Waiting],
) -> Result<Vec<Decision>> {
    let txn = ctx.db.begin().await?;
    // A template's first copies come before the database has counted any.
    db::plan_once(&txn).await?;
    let tokens: Vec<MemberToken> = batch.iter().filter_map(|waiting| waiting.token).collect();
    let standing = session::standing(&txn, &tokens).await?;
    let holder = |waiting: &Waiting| match waiting.token {
        Some(token) => standing.get(&token.session_id).copied(),
        None => Some(waiting.member_id),
    };
    let members: Vec<MemberId> = batch.iter().filter_map(holder).collect();
    let decided = match claim_for(ctx, &txn, template_id, &members).await {
        Ok(decided) => decided,
        Err(Error::NotFound(_)) => vec![Err(Failure::NoTemplate); members.len()],
        Err(error) => return Err(error),
    };
    txn.commit().await?;
    let mut decided = decided.into_iter();
    let of = |waiting| {
        let decision = if holder(waiting).is_some() { decided.next() } else { Some(Err(Failure::NoSession)) };
        decision.unwrap_or(Err(Failure::Undecided))
    };
    Ok(batch.iter().map(of).collect())
}

async fn claim_for(
    ctx: &Context,
    txn: &sea_orm::DatabaseTransaction,
    template_id: CouponTemplateId,
    members: &[MemberId],
) -> Result<Vec<Decision>> {
    let order = IssueOrder { template_id, member_ids: members, source: "claim", source_id: None };
    let active = redirect::hold_active(txn, members).await?;
    let template = lock_template(txn, template_id).await?;
    let outcomes: Vec<Outcome> = match rules::check_claimable(&template, ctx.now()) {
        Ok(()) => issue_copies(ctx, txn, &template, &active, &order).await?,
        Err(refusal) => vec![Err(refusal); members.len()],
    };
    let offer = offer::load(txn, template_id).await?;
    let of = |outcome: Outcome| {
        outcome.map(|coupon| HeldCoupon { coupon, offer: offer.clone() }).map_err(Failure::Refused)
    };
    Ok(outcomes.into_iter().map(of).collect())
}
