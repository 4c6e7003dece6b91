//! Campaigns make way for people: where several wait for the database every worker is told, and a worker then has fewer of its transactions
//! under way, down to one at a time with rests between them, until fewer have had to wait for a while.
//!
//! Told through the shared state. Without it nobody is told, and who would make way goes on as before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::context::Context;

/// So long may somebody wait for the database, or so many times as long as it takes in a quiet moment: a database may be far away.
const PATIENCE: TimeDelta = TimeDelta::milliseconds(15);
const TIMES_CALM: i32 = 4;
/// How often a process tells, and how often one asks.
const EVERY: TimeDelta = TimeDelta::milliseconds(50);
/// So many who waited too long within that time are a crowd.
const CROWD: u32 = 3;
/// The longest rest, also when the clock was set back.
const LONGEST_REST: TimeDelta = TimeDelta::seconds(1);
const KEY: &str = "database.crowded";
const KEPT: Duration = Duration::from_secs(60);

/// How many transactions a process may have under way. Below one it is the part of the time in which one may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    pub const LEAST: Self = Self(0.125);
    /// More than a process has connections.
    pub const MOST: Self = Self(64.0);
    /// What the first complaint halves: people at a till wait for no ladder, so one transaction at a time is left at once.
    const BUSY: f64 = 2.0;
    /// In each time between two questions.
    const GROWTH: f64 = 1.05;

    pub fn after_complaint(self) -> Self {
        Self((self.0.min(Self::BUSY) / 2.0).max(Self::LEAST.0))
    }

    pub fn after_quiet(self, quiet: TimeDelta) -> Self {
        let times = quiet.as_seconds_f64().abs() / EVERY.as_seconds_f64();
        Self((self.0 * Self::GROWTH.powf(times)).min(Self::MOST.0))
    }

    pub fn at_once(self) -> usize {
        (self.0 as usize).max(1)
    }

    /// How long to rest after a transaction that took so long.
    pub fn rest(self, took: TimeDelta) -> TimeDelta {
        let took = took.max(TimeDelta::zero()).as_seconds_f64();
        let rest = took * (1.0 / self.0.min(1.0) - 1.0);
        TimeDelta::microseconds((rest * 1e6) as i64).min(LONGEST_REST)
    }
}

/// What one process knows of how crowded the database is.
#[derive(Clone)]
pub struct Crowding(Arc<Known>);

struct Known {
    state: Mutex<State>,
    line: tokio::sync::Mutex<()>,
    freed: Notify,
}

struct State {
    share: Share,
    under_way: usize,
    rests_until: DateTime<Utc>,
    asked_at: DateTime<Utc>,
    /// The number of complaints when it was asked for last.
    complaints: Option<String>,
    /// Since when those are counted who waited too long, and how many they are.
    since: DateTime<Utc>,
    waited: u32,
    calm: [Calm; 2],
}

impl Default for Crowding {
    fn default() -> Self {
        let never = DateTime::<Utc>::MIN_UTC;
        let state = State {
            share: Share::MOST,
            under_way: 0,
            rests_until: never,
            asked_at: never,
            complaints: None,
            since: never,
            waited: 0,
            calm: [Calm::default(); 2],
        };
        Self(Arc::new(Known {
            state: Mutex::new(state),
            line: tokio::sync::Mutex::default(),
            freed: Notify::new(),
        }))
    }
}

/// What people wait for. One kind takes as long as another only by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// For the session that a request belongs to.
    Session,
    Redemption,
}

/// How long a wait was at least, in this minute and the one before.
#[derive(Debug, Clone, Copy)]
struct Calm {
    minute: i64,
    least: TimeDelta,
    least_before: TimeDelta,
}

impl Default for Calm {
    fn default() -> Self {
        Self { minute: i64::MIN, least: TimeDelta::MAX, least_before: TimeDelta::MAX }
    }
}

impl Calm {
    fn learn(&mut self, waited: TimeDelta, now: DateTime<Utc>) -> TimeDelta {
        let minute = now.timestamp().div_euclid(60);
        if minute != self.minute {
            let before = if self.minute == minute - 1 { self.least } else { TimeDelta::MAX };
            *self = Self { minute, least: TimeDelta::MAX, least_before: before };
        }
        self.least = self.least.min(waited);
        self.least.min(self.least_before)
    }
}

/// Somebody waits for this. Where several wait too long, whoever could make way is told.
pub async fn watch<Work: Future>(ctx: &Context, what: Wait, work: Work) -> Work::Output {
    let began = ctx.now();
    let done = work.await;
    let now = ctx.now();
    if ctx.crowding.is_crowded(what, (now - began).max(TimeDelta::zero()), now) {
        complain(ctx).await;
    }
    done
}

async fn complain(ctx: &Context) {
    if let Err(error) = ctx.shared.increment(KEY, 1, KEPT).await {
        tracing::debug!(%error, "nobody could be told that the database is crowded");
    }
}

/// Leave for one transaction of work that nobody waits for; over when it is dropped.
pub struct Turn {
    crowding: Crowding,
    clock: Arc<dyn Clock>,
    began: DateTime<Utc>,
}

/// Waits until this process may begin another transaction; first come, first served.
pub async fn turn(ctx: &Context) -> Turn {
    let known = &ctx.crowding.0;
    let _place = known.line.lock().await;
    ctx.crowding.ask(ctx).await;
    loop {
        let freed = known.freed.notified();
        match ctx.crowding.take(ctx.now()) {
            Next::Now => break,
            Next::AfterRest(rest) => ctx.clock.sleep(rest).await,
            Next::WhenFreed => freed.await,
        }
    }
    Turn { crowding: ctx.crowding.clone(), clock: ctx.clock.clone(), began: ctx.now() }
}

enum Next {
    Now,
    AfterRest(Duration),
    WhenFreed,
}

impl Crowding {
    /// True once in a twentieth of a second in which so many waited too long.
    fn is_crowded(&self, what: Wait, waited: TimeDelta, now: DateTime<Utc>) -> bool {
        let mut state = self.lock();
        let calm = state.calm[what as usize].learn(waited, now);
        if waited < PATIENCE || waited / TIMES_CALM < calm {
            return false;
        }
        if (now - state.since).abs() >= EVERY {
            (state.since, state.waited) = (now, 0);
        }
        state.waited += 1;
        state.waited == CROWD
    }

    /// Learns from what was told since it asked last.
    async fn ask(&self, ctx: &Context) {
        let now = ctx.now();
        let since = now - self.lock().asked_at;
        if since.abs() < EVERY {
            return;
        }
        let complaints = ctx.shared.get(KEY).await;
        let mut state = self.lock();
        state.asked_at = now;
        let Ok(complaints) = complaints else { return };
        state.share = match complaints.is_some() && complaints != state.complaints {
            true => state.share.after_complaint(),
            false => state.share.after_quiet(since),
        };
        state.complaints = complaints;
    }

    fn take(&self, now: DateTime<Utc>) -> Next {
        let mut state = self.lock();
        if state.under_way >= state.share.at_once() {
            return Next::WhenFreed;
        }
        let rest = (state.rests_until - now).min(LONGEST_REST);
        if let Ok(rest) = rest.to_std()
            && !rest.is_zero()
        {
            state.rests_until = now;
            return Next::AfterRest(rest);
        }
        state.under_way += 1;
        Next::Now
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.clock.now();
        {
            let mut state = self.crowding.lock();
            state.under_way -= 1;
            state.rests_until = now + state.share.rest(now - self.began);
        }
        self.crowding.0.freed.notify_one();
    }
}
