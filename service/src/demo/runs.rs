//! A campaign that goes out every week and has gone out twice. The two runs are made as any run is, by a clock that stands at their time.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Duration, Utc};
use entity::campaign;
use entity::states::{CampaignState, Channel};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use super::offers::{ensure_campaign, local_day};
use crate::campaign::{self as campaigns, CampaignDraft, Every, Recurrence};
use crate::clock::ManualClock;
use crate::context::Context;
use crate::delivery::{self, Batch, MessageDraft};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, SegmentId};
use crate::outbox::Job;
use crate::staff::StaffCaller;

/// Its first run is in the first week of these two, the next one tomorrow.
const WEEKS: i64 = 2;

pub async fn ensure_runs(ctx: &Context, owner: &StaffCaller, segment_id: SegmentId) -> Result<()> {
    let begun = at(ctx, ctx.now() - Duration::weeks(WEEKS));
    let weekly = ensure_campaign(&begun, owner, weekly(ctx, segment_id)).await?;
    if weekly.state == CampaignState::Draft {
        campaigns::schedule(&begun, owner, weekly.id, None).await?;
    }
    while let Some(due) = next_run(ctx, weekly.id).await? {
        run(&at(ctx, due), weekly.id).await?;
    }
    Ok(())
}

fn at(ctx: &Context, time: DateTime<Utc>) -> Context {
    Context { clock: Arc::new(ManualClock::at(time)), ..ctx.clone() }
}

fn weekly(ctx: &Context, segment_id: SegmentId) -> CampaignDraft {
    let tomorrow = local_day(ctx, ctx.now() + Duration::days(1));
    let message = MessageDraft {
        title: Some("本周新出炉".to_owned()),
        body: Some("{{name}}，本周的新茶点已经上架，三家店都有。到店出示会员码即可积分。".to_owned()),
        ..MessageDraft::default()
    };
    let recurrence = Recurrence {
        every: Every::Week,
        at: "10:00".to_owned(),
        weekdays: vec![tomorrow.weekday().number_from_monday()],
        days: Vec::new(),
        until: None,
    };
    CampaignDraft {
        recurrence: Some(recurrence),
        ..CampaignDraft::new("每周新品", segment_id, Channel::Inbox, message)
    }
}

async fn next_run(ctx: &Context, id: CampaignId) -> Result<Option<DateTime<Utc>>> {
    let row = campaign::Entity::find_by_id(id).one(ctx.db.read()).await?;
    let next = row.filter(|row| row.state == CampaignState::Recurring).and_then(|row| row.scheduled_at);
    Ok(next.filter(|next| *next <= ctx.now()))
}

/// What the ticks and the jobs do. The jobs stay in the outbox and find nothing left to do.
async fn run(then: &Context, weekly: CampaignId) -> Result<()> {
    campaigns::run_due_occurrences(then).await?;
    campaigns::start_due(then).await?;
    let resolving = campaign::Entity::find()
        .filter(campaign::Column::ParentId.eq(weekly))
        .filter(campaign::Column::State.eq(CampaignState::Resolving))
        .all(then.db.read())
        .await?;
    for child in resolving {
        campaigns::resolve(then, child.id).await?;
    }
    delivery::dispatch(then).await?;
    for job in entity::outbox::Entity::find().all(then.db.read()).await? {
        send(then, serde_json::from_value(job.body).map_err(Error::internal)?).await?;
    }
    campaigns::complete_finished(then).await?;
    Ok(())
}

async fn send(then: &Context, job: Job) -> Result<()> {
    let Job::SendDeliveries { campaign_id, batch_id, delivery_ids, .. } = job else { return Ok(()) };
    let batch = Batch { id: batch_id, campaign_id, deliveries: &delivery_ids };
    delivery::send(then, batch, &CancellationToken::new()).await
}
