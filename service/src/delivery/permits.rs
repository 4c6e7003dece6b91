//! Waiting for the rates: of the channel's account, of the template, of the campaign.
//!
//! All workers together keep to them through the shared state, which grants a permit only where every limit has one, so none
//! is held in vain; a permit is used at once, so none is hoarded. Within a process one claim asks for permits of a kind at a time, the one
//! that was made first, until it is worked off: who waits for a rate asks nothing. Without the shared state each worker keeps to a
//! small share of its own: slower for sure, faster for none.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::campaign;
use entity::states::{CampaignState, Channel, Lane};
use sea_orm::{EntityTrait, QuerySelect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::channel;
use super::rates;
use super::standing::RUNNING;
use super::window::{Place, Windows};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::settings::Settings;
use crate::shared_state::{Limit, Permits, Rate, SharedState};

/// The longest a batch goes without looking whether its campaign still runs, and how fast.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// What one process may send of a rate while nobody counts for all: stricter for up to ten of them.
const ALONE: f64 = 0.1;
/// How long the shared state is left alone after it did not answer, in microseconds: one call finds out, the others go on.
const AWAY_MICROS: i64 = 1_000_000;

/// What the batches of one process share: calls in flight, claims in hand, who asks for permits, and whether the shared state is away.
#[derive(Clone)]
pub struct Paces(Arc<Shared>);

struct Shared {
    in_flight: Arc<Semaphore>,
    windows: Windows,
    turns: Turns,
    away_until: AtomicI64,
}

impl Paces {
    /// With so many calls in flight at most.
    pub fn new(in_flight: usize) -> Self {
        let in_flight = Arc::new(Semaphore::new(in_flight));
        Self(Arc::new(Shared {
            in_flight,
            windows: Windows::default(),
            turns: Turns::default(),
            away_until: AtomicI64::new(i64::MIN),
        }))
    }

    /// Up to `wanted` places among the calls in flight; empty when there was none for a while.
    pub async fn slots(&self, wanted: usize) -> Vec<OwnedSemaphorePermit> {
        let first = Arc::clone(&self.0.in_flight).acquire_owned();
        let Ok(Ok(first)) = tokio::time::timeout(LONGEST_WAIT, first).await else { return Vec::new() };
        let mut slots = vec![first];
        while slots.len() < wanted
            && let Ok(slot) = Arc::clone(&self.0.in_flight).try_acquire_owned()
        {
            slots.push(slot);
        }
        slots
    }

    /// Whether to ask the shared state now; after a failure one caller a second finds out.
    fn may_ask(&self, now: DateTime<Utc>) -> bool {
        let (now, until) = (now.timestamp_micros(), self.0.away_until.load(Ordering::Relaxed));
        if until == i64::MIN {
            return true;
        }
        // A clock that was set back is not waited for.
        if now < until && until - now <= AWAY_MICROS {
            return false;
        }
        let next = now + AWAY_MICROS;
        self.0.away_until.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn note(&self, now: DateTime<Utc>, answered: bool) {
        let until = if answered { i64::MIN } else { now.timestamp_micros() + AWAY_MICROS };
        self.0.away_until.store(until, Ordering::Relaxed);
    }
}

/// Through which channel and with which template of the platform a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    pub channel: Channel,
    pub template_id: Option<&'a str>,
}

type Limits = Vec<(String, Rate)>;

/// The limits of everything that goes this way, whoever sends it.
pub fn limits_of(settings: &Settings, route: Route<'_>, lane: Lane) -> Limits {
    let account = match route.channel {
        Channel::WechatSubscribe => settings.wechat.appid.as_str(),
        Channel::Sms => settings.sms.provider.as_str(),
        Channel::Inbox => "",
    };
    let per_second = f64::from(channel::per_second(settings, route.channel));
    let key = format!("{{rate}}.channel.{}.{account}", route.channel.as_str());
    let journeys =
        (lane == Lane::Journey).then(|| (format!("{key}.journeys"), rates::of_journeys(per_second)));
    let mut limits = vec![(key, rates::of_lane(per_second, lane))];
    limits.extend(journeys);
    if let Some(template) = route.template_id
        && let Some(per_second) = template_rate(settings, template)
    {
        limits.push((format!("{{rate}}.template.{template}"), rates::of_lane(f64::from(per_second), lane)));
    }
    limits
}

fn template_rate(settings: &Settings, template: &str) -> Option<u32> {
    let own = settings.rates.templates.get(template).copied();
    Some(own.unwrap_or(settings.rates.per_template_per_second)).filter(|rate| *rate > 0)
}

/// Takes up to `wanted` permits of all `limits`; the wait is until the next look makes sense.
pub async fn take(ctx: &Context, limits: &[(String, Rate)], wanted: usize) -> Permits {
    let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
    let now = ctx.now();
    let permits = match ctx.paces.may_ask(now) {
        false => None,
        true => {
            let answer = ctx.shared.take_together(&asked(limits), wanted, now).await;
            ctx.paces.note(now, answer.is_ok());
            answer
                .inspect_err(|error| {
                    tracing::warn!(%error, "nobody counts the rate for all workers; keeping to a share of it");
                })
                .ok()
        }
    };
    let permits = match permits {
        Some(permits) => permits,
        None => take_alone(ctx, limits, wanted).await,
    };
    let slowest = limits.iter().map(|(_, rate)| rates::wait(*rate, permits.retry_after)).max();
    Permits { retry_after: slowest.unwrap_or(permits.retry_after), ..permits }
}

/// Counts one message that somebody waits for at this moment; false when the rate has had no room for it within `patience`.
pub async fn take_urgent(ctx: &Context, route: Route<'_>, patience: Duration) -> bool {
    let limits = limits_of(&ctx.settings, route, Lane::Urgent);
    let began = ctx.now();
    loop {
        let permits = take(ctx, &limits, 1).await;
        if permits.granted > 0 {
            return true;
        }
        if (ctx.now() - began).abs().to_std().unwrap_or_default() >= patience {
            return false;
        }
        ctx.clock.sleep(permits.retry_after.clamp(Duration::from_millis(1), LONGEST_WAIT)).await;
    }
}

async fn take_alone(ctx: &Context, limits: &[(String, Rate)], wanted: u32) -> Permits {
    let mine: Limits = limits.iter().map(|(key, rate)| (key.clone(), rates::alone(*rate, ALONE))).collect();
    let none = Permits { granted: 0, retry_after: LONGEST_WAIT };
    ctx.local.take_together(&asked(&mine), wanted, ctx.now()).await.unwrap_or(none)
}

fn asked(limits: &[(String, Rate)]) -> Vec<Limit<'_>> {
    limits.iter().map(|(key, rate)| Limit { key, rate: *rate }).collect()
}

/// Held by who asks for permits of the same limits.
pub type Turn = tokio::sync::OwnedMutexGuard<()>;

/// One for each set of limits that somebody waits for.
#[derive(Default)]
struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// The turn at these limits; those that nobody has or waits for go.
    fn of(&self, limits: &[(String, Rate)]) -> Arc<tokio::sync::Mutex<()>> {
        let key = limits.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(" ");
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|other, turn| *other == key || Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(key).or_default())
    }
}

/// The pace of one batch: its campaign's standing, looked at twice a second, also while the batch waits.
pub struct Pace<'a> {
    ctx: &'a Context,
    stop: &'a CancellationToken,
    campaign_id: CampaignId,
    channel: Channel,
    standing: Standing,
    looked_at: DateTime<Utc>,
}

struct Standing {
    state: CampaignState,
    lane: Lane,
    rate_per_second: Option<u32>,
    resumed_at: Option<DateTime<Utc>>,
}

impl<'a> Pace<'a> {
    pub async fn of(
        ctx: &'a Context,
        campaign_id: CampaignId,
        channel: Channel,
        stop: &'a CancellationToken,
    ) -> Result<Self> {
        let (standing, looked_at) = (look(ctx, campaign_id).await?, ctx.now());
        Ok(Self { ctx, stop, campaign_id, channel, standing, looked_at })
    }

    /// Waits for the right to claim up to `wanted`; None when the worker stops.
    pub async fn places(&self, wanted: usize) -> Option<Places> {
        let limits = self.limits(Route { channel: self.channel, template_id: None });
        let windows: Vec<_> = limits
            .iter()
            .rev()
            .map(|(key, rate)| (self.ctx.paces.0.windows.of(key, rate.per_second), rate.per_second))
            .collect();
        let narrowest = windows.iter().map(|(window, per_second)| window.stride(*per_second)).min();
        let count = wanted.min(narrowest.unwrap_or(wanted)).max(1);
        let mut places = Places { count, places: Vec::with_capacity(windows.len()) };
        for (window, per_second) in &windows {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                place = window.place(count, *per_second) => places.places.push(place),
            }
        }
        Some(places)
    }

    /// Up to `wanted` permits for messages that go this way.
    pub async fn take(&self, route: Route<'_>, wanted: usize) -> Permits {
        take(self.ctx, &self.limits(route), wanted).await
    }

    /// The right to ask for permits for messages that go this way, first come, first served; None when it was not free for a while.
    pub async fn turn(&self, route: Route<'_>) -> Option<Turn> {
        let turn = self.ctx.paces.0.turns.of(&self.limits(route));
        tokio::select! {
            () = self.stop.cancelled() => None,
            turn = tokio::time::timeout(LONGEST_WAIT, turn.lock_owned()) => turn.ok(),
        }
    }

    /// Until a permit may be free, or the worker stops.
    pub async fn wait(&self, retry_after: Duration) {
        let wait = retry_after.clamp(Duration::from_millis(1), LONGEST_WAIT);
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.ctx.clock.sleep(wait) => {}
        }
    }

    /// False when the worker stops or the campaign no longer runs.
    pub async fn goes_on(&mut self) -> Result<bool> {
        if self.stop.is_cancelled() {
            return Ok(false);
        }
        let now = self.ctx.now();
        if (now - self.looked_at).abs().to_std().unwrap_or_default() >= LONGEST_WAIT {
            self.standing = look(self.ctx, self.campaign_id).await?;
            self.looked_at = now;
        }
        Ok(RUNNING.contains(&self.standing.state))
    }

    /// The widest limit first.
    fn limits(&self, route: Route<'_>) -> Limits {
        let standing = &self.standing;
        let mut limits = limits_of(&self.ctx.settings, route, standing.lane);
        let warmth = rates::warmth(standing.resumed_at, self.ctx.now());
        let channel = channel::per_second(&self.ctx.settings, route.channel);
        if let Some(per_second) = rates::of_campaign(standing.rate_per_second, channel, warmth) {
            let key = format!("{{rate}}.campaign.{}", self.campaign_id);
            limits.push((key, rates::of_lane(per_second, standing.lane)));
        }
        limits
    }
}

/// The right to claim `count` deliveries.
pub struct Places {
    pub count: usize,
    places: Vec<Place>,
}

impl Places {
    pub fn learn(&self, timely: bool) {
        self.places.iter().for_each(|place| place.learn(timely));
    }
}

type Looked = (CampaignState, Lane, Option<i32>, Option<DateTime<Utc>>);

async fn look(ctx: &Context, id: CampaignId) -> Result<Standing> {
    let row: Option<Looked> = campaign::Entity::find_by_id(id)
        .select_only()
        .columns([
            campaign::Column::State,
            campaign::Column::Lane,
            campaign::Column::RatePerSecond,
            campaign::Column::ResumedAt,
        ])
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    let (state, lane, rate, resumed_at) = row.ok_or(Error::NotFound("campaign"))?;
    let rate_per_second = rate.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0);
    Ok(Standing { state, lane, rate_per_second, resumed_at })
}
