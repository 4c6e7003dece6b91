//! Sends one batch: claim, call, settle.
//!
//! What the rates let a process call soon is **claimed** in one transaction: all of the batch, where they do not bind. The platform
//! is **called** with no transaction open and with a permit for each call, taken in the moment before it; then the claim is
//! **settled** in one transaction. What was claimed and could not be called while the claim was fresh is given back and claimed
//! anew, so that a no given meanwhile still counts. A crash after the claim leaves `sending`, which becomes `unknown` when
//! its lease ends.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};
use entity::campaign;
use entity::states::Channel;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sea_orm::{EntityTrait, QuerySelect};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::batch::{self, Batch};
use super::channel;
use super::claim::{self, Claimed, Envelope};
use super::outcome::Outcome;
use super::permits::{Pace, Places, Route, Turn};
use super::settle::settle;
use super::trouble;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, DeliveryId};

/// How old a claim may be when its calls begin.
const FRESH: Duration = Duration::seconds(1);

/// Running it twice is harmless: a delivery is claimed from `queued` once. `stop` hands back what was not yet called.
pub async fn send(ctx: &Context, batch: Batch<'_>, stop: &CancellationToken) -> Result<()> {
    send_all(ctx, batch, stop).await?;
    if end(ctx, batch).await? || !claim::hand_back_passed_over(ctx, batch.deliveries).await? {
        return Ok(());
    }
    end(ctx, batch).await.map(|_| ())
}

async fn end(ctx: &Context, batch: Batch<'_>) -> Result<bool> {
    let txn = ctx.db.begin().await?;
    let ended = batch::end(&txn, batch).await?;
    txn.commit().await?;
    Ok(ended)
}

async fn send_all(ctx: &Context, batch: Batch<'_>, stop: &CancellationToken) -> Result<()> {
    let channel = channel_of(ctx, batch.campaign_id).await?;
    let mut pace = Pace::of(ctx, batch.campaign_id, channel, stop).await?;
    let mut rest = batch.deliveries.to_vec();
    while !rest.is_empty() {
        let Some(places) = pace.places(rest.len()).await else { return claim::hand_back(ctx, &rest).await };
        let left = Batch { deliveries: &rest, ..batch };
        let stops = trouble::stops_of(ctx, batch.campaign_id).await;
        let Some(claimed) = claim::claim(ctx, left, places.count).await? else { return Ok(()) };
        rest.drain(..places.count);
        let worked = work_off(ctx, &mut pace, (&claimed, &stops, places)).await?;
        if worked.end == End::Over {
            return claim::hand_back(ctx, &rest).await;
        }
        rest.splice(..0, worked.uncalled);
    }
    Ok(())
}

async fn channel_of(ctx: &Context, id: CampaignId) -> Result<Channel> {
    campaign::Entity::find_by_id(id)
        .select_only()
        .column(campaign::Column::Channel)
        .into_tuple()
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("campaign"))
}

/// How the calls of a claim came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All were called, or the claim grew old.
    Open,
    /// The worker stops or the campaign does not run.
    Over,
}

struct WorkedOff {
    end: End,
    uncalled: Vec<DeliveryId>,
}

/// Calls as many of a claim as become due while it is fresh, and settles it. Its places are free as soon as nothing of it waits to be
/// called: the next claim is made while the last answers come and this one is settled.
async fn work_off(
    ctx: &Context,
    pace: &mut Pace<'_>,
    (claimed, stops, places): (&Claimed, &str, Places),
) -> Result<WorkedOff> {
    if claimed.envelopes.is_empty() {
        return Ok(WorkedOff { end: End::Open, uncalled: Vec::new() });
    }
    let mut feed = Feed::of(ctx, pace, claimed);
    let (due, due_calls) = mpsc::unbounded_channel();
    let feeding = async {
        feed.run(due).await;
        places.learn(feed.waiting.is_empty());
        drop(places);
    };
    let ((), mut outcomes) = tokio::join!(feeding, call_all(ctx, claimed, due_calls));
    let (end, uncalled) = feed.ended();
    outcomes.extend(uncalled.iter().map(|id| (*id, Outcome::HandedBack)));
    settle(ctx, claimed, stops, &outcomes).await?;
    Ok(WorkedOff { end: end?, uncalled })
}

/// A message whose call may begin, with its place among the calls in flight.
type Due<'a> = (&'a Envelope, OwnedSemaphorePermit);

/// Calls whatever becomes due, all at once; ends with the last answer.
async fn call_all<'a>(
    ctx: &Context,
    claimed: &Claimed,
    mut due: mpsc::UnboundedReceiver<Due<'a>>,
) -> Vec<(DeliveryId, Outcome)> {
    let (mut calls, mut outcomes) = (FuturesUnordered::new(), Vec::with_capacity(claimed.envelopes.len()));
    loop {
        tokio::select! {
            Some((envelope, slot)) = due.recv() => calls.push(call_one(ctx, envelope, slot)),
            Some(outcome) = calls.next() => outcomes.push(outcome),
            else => return outcomes,
        }
    }
}

/// Lets a claim's messages go one by one, each with a place among the calls in flight and a permit of every rate.
struct Feed<'a, 'p> {
    ctx: &'a Context,
    pace: &'a mut Pace<'p>,
    claimed_at: DateTime<Utc>,
    waiting: VecDeque<&'a Envelope>,
    /// The turn at the permits for messages that go this way.
    turn: Option<(Route<'a>, Turn)>,
    /// Places whose permits are in hand.
    permitted: Vec<OwnedSemaphorePermit>,
    /// When more permits may be free.
    more_at: Option<DateTime<Utc>>,
    end: Result<End>,
}

impl<'a, 'p> Feed<'a, 'p> {
    fn of(ctx: &'a Context, pace: &'a mut Pace<'p>, claimed: &'a Claimed) -> Self {
        let mut waiting: Vec<_> = claimed.envelopes.iter().collect();
        // Those that need the same permits stand together.
        waiting.sort_by_key(|envelope| (envelope.delivery.channel, envelope.delivery.id));
        Self {
            ctx,
            pace,
            claimed_at: ctx.now(),
            waiting: waiting.into(),
            turn: None,
            permitted: Vec::new(),
            more_at: None,
            end: Ok(End::Open),
        }
    }

    /// Ends when all have gone or none may go any more.
    async fn run(&mut self, due: mpsc::UnboundedSender<Due<'a>>) {
        while let Some(next) = self.next().await {
            // The receiver lives until this sender is gone.
            let _ = due.send(next);
        }
        self.turn = None;
    }

    async fn next(&mut self) -> Option<Due<'a>> {
        while self.permitted.is_empty() && !self.waiting.is_empty() {
            match self.pace.goes_on().await {
                Ok(true) if self.is_fresh() => self.ask().await,
                Ok(true) => return None,
                Ok(false) => self.end = Ok(End::Over),
                Err(error) => self.end = Err(error),
            }
            if !matches!(self.end, Ok(End::Open)) {
                return None;
            }
        }
        Some((self.waiting.pop_front()?, self.permitted.pop()?))
    }

    /// A place is taken before its permit, so that a permit is used in the moment it is granted.
    async fn ask(&mut self) {
        let Some(first) = self.waiting.front() else { return };
        let route = route(first);
        if self.turn.as_ref().is_none_or(|(held, _)| *held != route) {
            (self.turn, self.more_at) = (None, None);
            self.turn = self.pace.turn(route).await.map(|turn| (route, turn));
            return;
        }
        if let Some(Ok(wait)) = self.more_at.take().map(|more_at| (more_at - self.ctx.now()).to_std()) {
            return self.pace.wait(wait).await;
        }
        let same = self.waiting.iter().take_while(|envelope| self::route(envelope) == route);
        let mut slots = self.ctx.paces.slots(same.count()).await;
        if slots.is_empty() || !self.is_fresh() {
            return;
        }
        let (asked_at, wanted) = (self.ctx.now(), slots.len());
        let permits = self.pace.take(route, wanted).await;
        slots.truncate(permits.granted as usize);
        // The way to whoever counts takes as long the next time: whoever leaves then is there in time.
        self.more_at = (slots.len() < wanted).then(|| asked_at + permits.retry_after);
        self.permitted = slots;
    }

    fn is_fresh(&self) -> bool {
        (self.ctx.now() - self.claimed_at).abs() < FRESH
    }

    fn ended(self) -> (Result<End>, Vec<DeliveryId>) {
        (self.end, self.waiting.into_iter().map(|envelope| envelope.delivery.id).collect())
    }
}

fn route(envelope: &Envelope) -> Route<'_> {
    Route { channel: envelope.delivery.channel, template_id: envelope.message.template_id.as_deref() }
}

async fn call_one(ctx: &Context, envelope: &Envelope, _slot: OwnedSemaphorePermit) -> (DeliveryId, Outcome) {
    let started_at = ctx.now();
    let call = channel::Call {
        channel: envelope.delivery.channel,
        message: &envelope.message,
        rendered: &envelope.rendered,
        address: envelope.address.as_deref().unwrap_or_default(),
        out_id: envelope.delivery.id.0,
    };
    (envelope.delivery.id, Outcome::of(channel::call(ctx, call).await, started_at))
}
