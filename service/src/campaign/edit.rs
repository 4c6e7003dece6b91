//! Editing a campaign. A draft, a scheduled and a recurring one may change altogether, a paused one in what members have not
//! been picked or split by. Each change is a version; what was sent before keeps its own.

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, DeliveryState};
use entity::{campaign, delivery};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use super::plan::{act, check_references};
use super::{CampaignDraft, experiment, recurring, review, version};
use crate::audit;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// The new words, and the version that they were written over (None: whatever it is).
#[derive(Debug, Clone)]
pub struct Edit {
    pub draft: CampaignDraft,
    pub version: Option<i32>,
}

impl From<CampaignDraft> for Edit {
    fn from(draft: CampaignDraft) -> Self {
        Self { draft, version: None }
    }
}

/// Makes a new version; the same words again make none. An edit voids the approval: where the brand asks for one, a
/// scheduled or recurring campaign becomes a draft again, and a paused one waits for it before it is resumed.
///
/// # Refuses
/// `campaign_state_conflict`, `campaign_must_be_paused`, `campaign_in_flight`, `campaign_version_changed`
pub async fn update(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    edit: impl Into<Edit>,
) -> Result<campaign::Model> {
    caller.require(Permission::WriteCampaigns)?;
    let Edit { draft, version } = edit.into();
    draft.validate(ctx)?;
    let txn = ctx.db.begin().await?;
    experiment::check_holdout(&txn, Some(id), (draft.experiment.as_deref(), draft.holdout_percent)).await?;
    let before = campaign::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&txn)
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    if version.is_some_and(|version| version != before.version) {
        return Err(Refusal::CampaignVersionChanged.into());
    }
    check_state(before.state)?;
    check_kind(&before, &draft)?;
    if before.started_at.is_some() {
        check_started(&txn, &before, &draft).await?;
    }
    let row = write(ctx, caller, &txn, &before, draft).await?;
    if row.version != before.version {
        txn.commit().await?;
    }
    Ok(row)
}

fn check_state(state: CampaignState) -> Result<()> {
    match state {
        CampaignState::Draft
        | CampaignState::Scheduled
        | CampaignState::Recurring
        | CampaignState::Paused => Ok(()),
        CampaignState::Resolving | CampaignState::Sending => Err(Refusal::CampaignMustBePaused.into()),
        CampaignState::Completed | CampaignState::Cancelled => Err(Refusal::CampaignStateConflict.into()),
    }
}

/// A run by calendar has its times from its parent; one that waits stays what it waits as.
fn check_kind(before: &campaign::Model, draft: &CampaignDraft) -> Result<()> {
    if before.state != CampaignState::Draft && before.recurrence.is_some() != draft.recurrence.is_some() {
        return Err(Error::invalid("recurrence", "comes and goes only while the campaign is a draft"));
    }
    Ok(())
}

async fn check_started(
    txn: &impl ConnectionTrait,
    before: &campaign::Model,
    draft: &CampaignDraft,
) -> Result<()> {
    let fixed = version::fixed_after_start(before, draft)?;
    if !fixed.is_empty() {
        return Err(Error::Invalid(fixed));
    }
    // What is on its way holds a consent of the old template.
    let in_flight = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(before.id))
        .filter(delivery::Column::State.eq(DeliveryState::Sending));
    if version::changes_template(before, draft)? && in_flight.count(txn).await? > 0 {
        return Err(Refusal::CampaignInFlight.into());
    }
    Ok(())
}

/// Answers the row as it was, for the caller to give the transaction up, where the words are the same.
async fn write(
    ctx: &Context,
    caller: &StaffCaller,
    txn: &DatabaseTransaction,
    before: &campaign::Model,
    draft: CampaignDraft,
) -> Result<campaign::Model> {
    let segment = check_references(txn, &draft).await?;
    let is_asked_for = review::is_asked_for(ctx, txn, &segment.rule).await?;
    let waits_until = waits_until(ctx, before, &draft)?;
    let mut row = campaign::ActiveModel {
        id: Set(before.id),
        version: Set(before.version + 1),
        edited_by: Set(Some(caller.id)),
        approved_by: Set(None),
        approved_at: Set(None),
        approved_version: Set(None),
        ..draft.columns(ctx, segment)?
    };
    if before.started_at.is_some() {
        row.rule = NotSet;
    }
    match before.state {
        CampaignState::Scheduled | CampaignState::Recurring if is_asked_for => {
            row.state = Set(CampaignState::Draft);
            row.scheduled_at = Set(None);
        }
        _ => row.scheduled_at = Set(waits_until),
    }
    let row = campaign::Entity::update(row).exec(txn).await?;
    if version::content(&row) == version::content(before) {
        return Ok(before.clone());
    }
    version::record(ctx, txn, before).await?;
    version::record(ctx, txn, &row).await?;
    audit::record(ctx, txn, act(caller, "campaign.update", &row)).await?;
    Ok(row)
}

/// When a campaign that waits will start, by the new words.
fn waits_until(
    ctx: &Context,
    before: &campaign::Model,
    draft: &CampaignDraft,
) -> Result<Option<DateTime<Utc>>> {
    match (before.state, &draft.recurrence) {
        (CampaignState::Recurring, Some(recurrence)) => {
            let next = recurring::first_run(ctx, recurrence, draft.offer_ends_at, ctx.now());
            let none = || Error::invalid("recurrence", "leaves no day on which it would run");
            Ok(Some(next.ok_or_else(none)?.at))
        }
        (CampaignState::Scheduled, _)
            if draft.offer_ends_at.is_some_and(|end| before.scheduled_at.is_some_and(|at| end <= at)) =>
        {
            Err(Error::invalid("offer_ends_at", "is before the campaign's start"))
        }
        _ => Ok(before.scheduled_at),
    }
}
