//! Recurring campaigns: each occurrence is an ordinary campaign of its own, with the recurring one as its parent.
//!
//! The parent waits in `recurring`; its `scheduled_at` is the next occurrence. The child is unique by parent and day, and made
//! under the parent's lock, so no number of schedulers and no restart runs a day twice.

use chrono::{DateTime, Duration, Utc};
use entity::campaign;
use entity::states::CampaignState;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use super::recurrence::{CatchUp, Occurrence, Recurrence};
use super::version;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CampaignId;

/// States of a child that is not over yet.
const LIVES: [CampaignState; 4] =
    [CampaignState::Scheduled, CampaignState::Resolving, CampaignState::Sending, CampaignState::Paused];

pub fn recurrence_of(campaign: &campaign::Model) -> Result<Option<Recurrence>> {
    campaign.recurrence.clone().map(serde_json::from_value).transpose().map_err(Error::internal)
}

/// The first run at or after `from`; None: the recurrence or the offer ends before it.
pub fn first_run(
    ctx: &Context,
    recurrence: &Recurrence,
    offer_ends_at: Option<DateTime<Utc>>,
    from: DateTime<Utc>,
) -> Option<Occurrence> {
    let next = recurrence.first_from(from, ctx.settings.timezone)?;
    offer_ends_at.is_none_or(|end| next.at < end).then_some(next)
}

/// How many of a recurring campaign's runs are not over.
pub async fn running_children(ctx: &Context, parent: CampaignId) -> Result<u64> {
    Ok(campaign::Entity::find()
        .filter(campaign::Column::ParentId.eq(parent))
        .filter(campaign::Column::State.is_in(LIVES))
        .count(ctx.db.read())
        .await?)
}

/// Makes the campaigns of every occurrence that is due; answers how many parents moved. Harmless to repeat: the parent's
/// next time moves in the same transaction.
pub async fn run_due_occurrences(ctx: &Context) -> Result<u64> {
    let due: Vec<CampaignId> = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::State.eq(CampaignState::Recurring))
        .filter(campaign::Column::ScheduledAt.lte(ctx.now()))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut moved = 0;
    for id in due {
        moved += run_one(ctx, id).await?;
    }
    Ok(moved)
}

async fn run_one(ctx: &Context, id: CampaignId) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let parent = campaign::Entity::find_by_id(id).lock_exclusive().one(&txn).await?;
    let Some(parent) = parent.filter(|parent| is_due(parent, ctx.now())) else { return Ok(0) };
    let (Some(recurrence), Some(from)) = (recurrence_of(&parent)?, parent.scheduled_at) else {
        return Ok(0);
    };
    let limit = Duration::seconds(ctx.settings.campaign.late_occurrence_seconds);
    let mut caught = recurrence.catch_up(from, ctx.now(), limit, ctx.settings.timezone);
    let in_time = |run: &Occurrence| parent.offer_ends_at.is_none_or(|end| run.at < end);
    caught.run = caught.run.filter(in_time);
    caught.skipped.retain(in_time);
    if let Some(run) = caught.run {
        make_child(ctx, &txn, &parent, run).await?;
    }
    record(ctx, &txn, &parent, &caught).await?;
    let after = ctx.now() + Duration::microseconds(1);
    move_on(ctx, &txn, &parent, first_run(ctx, &recurrence, parent.offer_ends_at, after)).await?;
    txn.commit().await?;
    Ok(1)
}

/// Looked at again under the lock: another scheduler may have been faster.
fn is_due(parent: &campaign::Model, now: DateTime<Utc>) -> bool {
    parent.state == CampaignState::Recurring && parent.scheduled_at.is_some_and(|at| at <= now)
}

async fn make_child(
    ctx: &Context,
    txn: &DatabaseTransaction,
    parent: &campaign::Model,
    run: Occurrence,
) -> Result<()> {
    let now = ctx.now();
    let child = campaign::Model {
        id: ctx.new_id(),
        name: format!("{} {}", parent.name, run.key()),
        parent_id: Some(parent.id),
        occurrence: Some(run.key()),
        recurrence: None,
        state: CampaignState::Scheduled,
        state_reason: None,
        scheduled_at: Some(run.at),
        created_at: now,
        updated_at: now,
        ..parent.clone()
    };
    let made = campaign::Entity::insert(child.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::columns([campaign::Column::ParentId, campaign::Column::Occurrence])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(txn)
        .await?;
    if made == 1 {
        version::record(ctx, txn, &child).await?;
    }
    Ok(())
}

/// What ran and what was left out, for whoever asks later.
async fn record(
    ctx: &Context,
    txn: &DatabaseTransaction,
    parent: &campaign::Model,
    caught: &CatchUp,
) -> Result<()> {
    let days = |runs: &[Occurrence]| runs.iter().map(Occurrence::key).collect::<Vec<_>>();
    for (action, days) in [
        ("campaign.run_occurrence", days(caught.run.as_slice())),
        ("campaign.skip_occurrences", days(&caught.skipped)),
    ] {
        if !days.is_empty() {
            let subject = ("campaign", parent.id.to_string());
            let detail = serde_json::json!({ "name": parent.name, "version": parent.version, "days": days });
            audit::record(ctx, txn, Act { actor: Actor::System, action, subject, detail }).await?;
        }
    }
    Ok(())
}

/// To its next time, or to its end.
async fn move_on(
    ctx: &Context,
    txn: &DatabaseTransaction,
    parent: &campaign::Model,
    next: Option<Occurrence>,
) -> Result<()> {
    let update =
        campaign::Entity::update_many().col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()));
    let update = match next {
        Some(next) => update.col_expr(campaign::Column::ScheduledAt, Expr::value(next.at)),
        None => update
            .col_expr(campaign::Column::State, Expr::value(CampaignState::Completed))
            .col_expr(campaign::Column::CompletedAt, Expr::value(ctx.now())),
    };
    update.filter(campaign::Column::Id.eq(parent.id)).exec(txn).await?;
    Ok(())
}
