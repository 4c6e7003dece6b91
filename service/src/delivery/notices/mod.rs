//! The urgent lane's work: notices claimed, called and settled with the same care as deliveries.
//!
//! ```text
//! queued -> sending -> sent -> delivered | bounced
//!   ^          |-> unknown (the answer was never heard)
//!   `- pending <-'-> the next step, without one the inbox alone (sent), or suppressed
//! ```

mod claim;
mod recover;
pub mod rules;
mod settle;

pub use recover::recover_notices;

use std::collections::BTreeMap;
use std::time::Duration;

use entity::notice;
use entity::states::DeliveryState;
use futures_util::future::join_all;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;

use self::claim::{Claim, Claimed, claim};
use super::channel;
use super::message::{MessageDraft, Rendered};
use super::outcome::Outcome;
use super::permits::{self, Route};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, NoticeId};
use crate::notice::Step;
use crate::outbox::{self, Job};

/// How long a claim waits for its permit: the urgent lane's share of the rate is there at once, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(5);
/// Notices queued by one round.
const PAGE: u64 = 500;

/// Running it twice is harmless: a notice is claimed from `queued` or `pending` once.
pub async fn send_notices(ctx: &Context, ids: &[NoticeId], stop: &CancellationToken) -> Result<()> {
    let (Claim { claimed, passed_over }, failed) = claim_all(ctx, ids).await;
    if !claimed.is_empty() {
        let outcomes = call_all(ctx, &claimed, stop).await;
        settle::settle(ctx, &claimed, &outcomes).await?;
    }
    claim::hand_back(ctx, &passed_over).await?;
    failed.map_or(Ok(()), Err)
}

/// Together; where that fails by one of them, each by itself, since the others have nothing to do with it.
async fn claim_all(ctx: &Context, ids: &[NoticeId]) -> (Claim, Option<Error>) {
    match claim(ctx, ids).await {
        Ok(together) => return (together, None),
        Err(Error::Internal(error)) if ids.len() > 1 => {
            tracing::warn!(notices = ids.len(), %error, "notices could not be claimed together");
        }
        Err(error) => return (Claim::default(), Some(error)),
    }
    let (mut all, mut failed) = (Claim::default(), None);
    for id in ids {
        match claim(ctx, &[*id]).await {
            Ok(one) => {
                all.claimed.extend(one.claimed);
                all.passed_over.extend(one.passed_over);
            }
            Err(error) => {
                // A database that is away is away for the rest of them, too.
                let is_its_own = matches!(error, Error::Internal(_));
                failed = Some(error);
                if !is_its_own {
                    break;
                }
            }
        }
    }
    (all, failed)
}

/// At the same time, but a member's own one after the other: WeChat refuses a second message to a person while the first is under way (43108).
async fn call_all(ctx: &Context, claimed: &[Claimed], stop: &CancellationToken) -> Vec<Outcome> {
    let mut of_members: BTreeMap<MemberId, Vec<usize>> = BTreeMap::new();
    for (place, one) in claimed.iter().enumerate() {
        of_members.entry(one.row.member_id).or_default().push(place);
    }
    let in_turn = async |places: Vec<usize>| {
        let mut outcomes = Vec::with_capacity(places.len());
        for place in places {
            outcomes.push((place, call(ctx, &claimed[place], stop).await));
        }
        outcomes
    };
    let mut outcomes: Vec<(usize, Outcome)> =
        join_all(of_members.into_values().map(in_turn)).await.into_iter().flatten().collect();
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

async fn call(ctx: &Context, claimed: &Claimed, stop: &CancellationToken) -> Outcome {
    let slots = ctx.paces.slots(1).await;
    let may_go = !slots.is_empty() && !stop.is_cancelled();
    if !may_go || !permits::take_urgent(ctx, route(&claimed.step), PATIENCE).await {
        return Outcome::HandedBack;
    }
    let (message, rendered) = wording(&claimed.step);
    let started_at = ctx.now();
    let call = channel::Call {
        channel: claimed.step.channel,
        message: &message,
        rendered: &rendered,
        address: &claimed.address,
        out_id: claimed.row.id.0,
    };
    Outcome::of(channel::call(ctx, call).await, started_at)
}

fn route(step: &Step) -> Route<'_> {
    Route { channel: step.channel, template_id: step.template_id.as_deref() }
}

fn wording(step: &Step) -> (MessageDraft, Rendered) {
    let message = MessageDraft {
        template_id: step.template_id.clone(),
        page: step.page.clone(),
        ..MessageDraft::default()
    };
    let rendered =
        Rendered { parameters: step.parameters.clone(), title: step.title.clone(), body: step.body.clone() };
    (message, rendered)
}

/// Queues notices that waited for another try; answers how many.
pub async fn dispatch_notices(ctx: &Context) -> Result<u64> {
    let due = notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(notice::Column::State.eq(DeliveryState::Pending))
        .filter(notice::Column::NotBefore.lte(ctx.now()))
        .order_by_asc(notice::Column::NotBefore)
        .limit(PAGE);
    let waiting: Option<NoticeId> = due.clone().into_tuple().one(ctx.db.read()).await?;
    if waiting.is_none() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let skip = LockBehavior::SkipLocked;
    let ids: Vec<NoticeId> =
        due.lock_with_behavior(LockType::NoKeyUpdate, skip).into_tuple().all(&txn).await?;
    notice::Entity::update_many()
        .col_expr(notice::Column::State, Expr::value(DeliveryState::Queued))
        .col_expr(notice::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(notice::Column::Id.is_in(ids.iter().copied()))
        .exec(&txn)
        .await?;
    let jobs: Vec<_> = ids.iter().map(|id| Job::SendNotices { notice_ids: vec![*id] }).collect();
    outbox::push(&txn, ctx.now(), &jobs).await?;
    txn.commit().await?;
    Ok(ids.len() as u64)
}
