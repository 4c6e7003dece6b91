//! A campaign's moves. Each is a conditional update, so that two at once make one move and the other is refused.

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, MessageClass};
use entity::{campaign, member};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};

use super::impact::{Impact, impact};
use super::{experiment, recurring, review};
use crate::audit;
use crate::context::Context;
use crate::delivery::{Open, RUNNING, channel, end_open_deliveries};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};
use crate::outbox::{self, Job};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// The states of a campaign that is not over.
const UNENDED: [CampaignState; 6] = [
    CampaignState::Draft,
    CampaignState::Scheduled,
    CampaignState::Recurring,
    CampaignState::Resolving,
    CampaignState::Sending,
    CampaignState::Paused,
];

/// A move that was made, and how many members it touches.
#[derive(Debug, Clone)]
pub struct Moved {
    pub campaign: campaign::Model,
    pub impact: Impact,
}

/// Freezes the rule as the segment has it now and waits for `at` (None: as soon as possible). A recurring campaign waits for
/// its first occurrence at or after `at`.
///
/// # Refuses
/// `campaign_state_conflict`, `campaign_needs_approval`, `channel_not_configured`, `coupon_not_claimable`
pub async fn schedule(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    at: Option<DateTime<Utc>>,
) -> Result<campaign::Model> {
    caller.require(Permission::WriteCampaigns)?;
    let txn = ctx.db.begin().await?;
    let draft = campaign::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("campaign"))?;
    experiment::check_holdout(&txn, Some(id), (draft.experiment.as_deref(), draft.holdout_percent)).await?;
    let before = lock(&txn, id).await?;
    let from = [CampaignState::Draft, CampaignState::Scheduled, CampaignState::Recurring];
    if !from.contains(&before.state) {
        return Err(Refusal::CampaignStateConflict.into());
    }
    let at = at.unwrap_or_else(|| ctx.now());
    if before.offer_ends_at.is_some_and(|end| end <= at) {
        return Err(Error::invalid("at", "is after the offer's end"));
    }
    let (state, at) = waits(ctx, &before, at)?;
    channel::ready(ctx, before.channel)?;
    check_coupon(&txn, &before).await?;
    review::require_approval(ctx, &txn, &before).await?;
    let segment = entity::segment::Entity::find_by_id(before.segment_id)
        .one(&txn)
        .await?
        .ok_or(Error::NotFound("segment"))?;
    if before.class == MessageClass::Transactional {
        audit::record(ctx, &txn, super::plan::act(caller, "campaign.exempt_from_caps", &before)).await?;
    }
    let moved = to(ctx, state)
        .col_expr(campaign::Column::ScheduledAt, Expr::value(at))
        .col_expr(campaign::Column::Rule, Expr::value(segment.rule));
    finish_move(ctx, caller, txn, Move { id, update: moved, from: &from, action: "campaign.schedule" }).await
}

/// What a campaign waits as, and until when.
fn waits(
    ctx: &Context,
    campaign: &campaign::Model,
    from: DateTime<Utc>,
) -> Result<(CampaignState, DateTime<Utc>)> {
    let Some(recurrence) = recurring::recurrence_of(campaign)? else {
        return Ok((CampaignState::Scheduled, from));
    };
    let next = recurring::first_run(ctx, &recurrence, campaign.offer_ends_at, from.max(ctx.now()));
    let none = || Error::invalid("recurrence", "leaves no day on which it would run");
    Ok((CampaignState::Recurring, next.ok_or_else(none)?.at))
}

/// Holds what is not yet claimed. A recurring campaign makes no more runs; those that go on have their own pause.
///
/// # Refuses
/// `campaign_state_conflict`
pub async fn pause(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Moved> {
    caller.require(Permission::WriteCampaigns)?;
    let txn = ctx.db.begin().await?;
    let update =
        to(ctx, CampaignState::Paused).col_expr(campaign::Column::StateReason, Expr::value("by_staff"));
    let from = [&RUNNING[..], &[CampaignState::Recurring]].concat();
    let step = Move { id, update, from: &from, action: "campaign.pause" };
    let row = finish_move(ctx, caller, txn, step).await?;
    moved(ctx, caller, row).await
}

/// Goes on where it stopped: with its audience, if that was not whole yet, or with sending. A recurring campaign goes on
/// with its next occurrence; those of the pause are left out.
///
/// # Refuses
/// `campaign_state_conflict`, `campaign_needs_approval`
pub async fn resume(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Moved> {
    caller.require(Permission::WriteCampaigns)?;
    let txn = ctx.db.begin().await?;
    let before = lock(&txn, id).await?;
    let is_paused = before.state == CampaignState::Paused;
    if is_paused && was_edited_since_start(&before) {
        review::require_approval(ctx, &txn, &before).await?;
    }
    let update = if !is_paused || before.started_at.is_some() {
        go_on(ctx, &txn, &before).await?
    } else {
        let (state, at) = waits(ctx, &before, ctx.now())?;
        to(ctx, state).col_expr(campaign::Column::ScheduledAt, Expr::value(at))
    };
    let update = update
        .col_expr(campaign::Column::StateReason, Expr::value(Option::<String>::None))
        .col_expr(campaign::Column::ResumedAt, Expr::value(ctx.now()));
    let step = Move { id, update, from: &[CampaignState::Paused], action: "campaign.resume" };
    let row = finish_move(ctx, caller, txn, step).await?;
    moved(ctx, caller, row).await
}

/// What was scheduled before the brand asked for reviews goes on as it is.
fn was_edited_since_start(campaign: &campaign::Model) -> bool {
    campaign.version > 1 && campaign.approved_version != Some(campaign.version)
}

async fn go_on(
    ctx: &Context,
    txn: &DatabaseTransaction,
    before: &campaign::Model,
) -> Result<UpdateMany<campaign::Entity>> {
    let is_resolved = before.audience_end.is_none() || before.resolve_cursor == before.audience_end;
    if is_resolved {
        return Ok(to(ctx, CampaignState::Sending));
    }
    outbox::push(txn, ctx.now(), &[Job::ResolveAudience { campaign_id: before.id }]).await?;
    Ok(to(ctx, CampaignState::Resolving))
}

/// Ends it: what is not yet claimed is not sent, deferred ones included. A recurring campaign makes no more runs; those that
/// go on are told with the answer and can be cancelled by themselves.
///
/// # Refuses
/// `campaign_state_conflict`
pub async fn cancel(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Moved> {
    caller.require(Permission::WriteCampaigns)?;
    let txn = ctx.db.begin().await?;
    let update =
        to(ctx, CampaignState::Cancelled).col_expr(campaign::Column::CompletedAt, Expr::value(ctx.now()));
    let step = Move { id, update, from: &UNENDED, action: "campaign.cancel" };
    let row = make_move(ctx, caller, &txn, step).await?;
    // After the move: whoever was adding to the audience has committed, and nobody adds any more.
    end_open_deliveries(ctx, &txn, Open::All(id)).await?;
    txn.commit().await?;
    moved(ctx, caller, row).await
}

async fn moved(ctx: &Context, caller: &StaffCaller, campaign: campaign::Model) -> Result<Moved> {
    let impact = impact(ctx, caller, campaign.id).await?;
    Ok(Moved { campaign, impact })
}

/// Changes the rate, also while it runs.
///
/// # Refuses
/// `campaign_state_conflict`
pub async fn throttle(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    rate_per_second: Option<i32>,
) -> Result<Moved> {
    caller.require(Permission::WriteCampaigns)?;
    if rate_per_second.is_some_and(|rate| rate < 1) {
        return Err(Error::invalid("rate_per_second", "is at least 1"));
    }
    let txn = ctx.db.begin().await?;
    let update = campaign::Entity::update_many()
        .col_expr(campaign::Column::RatePerSecond, Expr::value(rate_per_second))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()));
    let step = Move { id, update, from: &UNENDED, action: "campaign.throttle" };
    let row = finish_move(ctx, caller, txn, step).await?;
    moved(ctx, caller, row).await
}

/// Starts every campaign whose time has come: freezes its audience's end and asks for its resolution.
pub async fn start_due(ctx: &Context) -> Result<u64> {
    let due: Vec<CampaignId> = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::State.eq(CampaignState::Scheduled))
        .filter(campaign::Column::ScheduledAt.lte(ctx.now()))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut started = 0;
    for id in due {
        started += start(ctx, id).await?;
    }
    Ok(started)
}

async fn start(ctx: &Context, id: CampaignId) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let newest: Option<MemberId> = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .order_by_desc(member::Column::Id)
        .into_tuple()
        .one(&txn)
        .await?;
    let moved = to(ctx, CampaignState::Resolving)
        .col_expr(campaign::Column::AudienceEnd, Expr::value(newest))
        .col_expr(campaign::Column::StartedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(id))
        .filter(campaign::Column::State.eq(CampaignState::Scheduled))
        .exec(&txn)
        .await?;
    if moved.rows_affected == 1 {
        outbox::push(&txn, ctx.now(), &[Job::ResolveAudience { campaign_id: id }]).await?;
    }
    txn.commit().await?;
    Ok(moved.rows_affected)
}

async fn lock(txn: &DatabaseTransaction, id: CampaignId) -> Result<campaign::Model> {
    let row = campaign::Entity::find_by_id(id).lock_exclusive().one(txn).await?;
    row.ok_or(Error::NotFound("campaign"))
}

struct Move<'a> {
    id: CampaignId,
    update: UpdateMany<campaign::Entity>,
    from: &'a [CampaignState],
    action: &'a str,
}

async fn finish_move(
    ctx: &Context,
    caller: &StaffCaller,
    txn: DatabaseTransaction,
    step: Move<'_>,
) -> Result<campaign::Model> {
    let row = make_move(ctx, caller, &txn, step).await?;
    txn.commit().await?;
    Ok(row)
}

async fn make_move(
    ctx: &Context,
    caller: &StaffCaller,
    txn: &DatabaseTransaction,
    step: Move<'_>,
) -> Result<campaign::Model> {
    let moved = step
        .update
        .filter(campaign::Column::Id.eq(step.id))
        .filter(campaign::Column::State.is_in(step.from.iter().copied()))
        .exec(txn)
        .await?;
    let row = campaign::Entity::find_by_id(step.id).one(txn).await?.ok_or(Error::NotFound("campaign"))?;
    if moved.rows_affected == 0 {
        return Err(Refusal::CampaignStateConflict.into());
    }
    audit::record(ctx, txn, super::plan::act(caller, step.action, &row)).await?;
    Ok(row)
}

fn to(ctx: &Context, state: CampaignState) -> UpdateMany<campaign::Entity> {
    campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(state))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
}

async fn check_coupon(txn: &DatabaseTransaction, campaign: &campaign::Model) -> Result<()> {
    let Some(id) = campaign.coupon_template_id else { return Ok(()) };
    let template = entity::coupon_template::Entity::find_by_id(id).one(txn).await?;
    let published =
        template.is_some_and(|template| template.state == entity::states::CouponTemplateState::Published);
    if published { Ok(()) } else { Err(Refusal::CouponNotClaimable.into()) }
}
