//! How many deliveries one process holds claimed and not yet called, per limit: so many that the rate never waits for the
//! database, so few that a claim is fresh when its call begins. Batches take their places first come, first served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The largest window, in seconds of the limit's rate.
const SECONDS: f64 = 0.3;
/// So many claims fill a window: while one is called, others are made.
const CLAIMS: f64 = 3.0;
/// What a claim that was called in time adds, as a part of itself.
const GROWTH: f64 = 0.1;

#[derive(Default)]
pub struct Windows(Mutex<HashMap<String, Arc<Window>>>);

pub struct Window {
    state: Mutex<State>,
    turn: tokio::sync::Mutex<()>,
    freed: Notify,
}

struct State {
    size: Size,
    claimed: usize,
}

/// How large a window is. It halves when a claim grew old before its calls, and grows again while claims are called in time:
/// so it fits a rate that many processes share without their knowing of each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size(f64);

impl Size {
    pub fn of(per_second: f64) -> Self {
        Self(most(per_second))
    }

    /// What one batch may claim.
    pub fn stride(self, per_second: f64) -> usize {
        ((self.0.min(most(per_second)) / CLAIMS) as usize).max(1)
    }

    pub fn holds(self, claimed: usize, per_second: f64) -> bool {
        claimed as f64 <= self.0.min(most(per_second))
    }

    pub fn after_late(self) -> Self {
        Self((self.0 / 2.0).max(1.0))
    }

    pub fn after_timely(self, claimed: usize, per_second: f64) -> Self {
        Self((self.0 + claimed as f64 * GROWTH).min(most(per_second)))
    }
}

fn most(per_second: f64) -> f64 {
    (per_second * SECONDS).max(1.0)
}

impl Windows {
    /// The window of a limit; those of campaigns that nobody works at any more go.
    pub fn of(&self, key: &str, per_second: f64) -> Arc<Window> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get(key) {
            return Arc::clone(window);
        }
        windows.retain(|_, window| Arc::strong_count(window) > 1);
        let window = Arc::new(Window {
            state: Mutex::new(State { size: Size::of(per_second), claimed: 0 }),
            turn: tokio::sync::Mutex::new(()),
            freed: Notify::new(),
        });
        windows.insert(key.to_owned(), Arc::clone(&window));
        window
    }
}

/// So many deliveries may be claimed; given back when it is dropped.
pub struct Place {
    window: Arc<Window>,
    per_second: f64,
    count: usize,
}

impl Window {
    pub fn stride(&self, per_second: f64) -> usize {
        self.lock().size.stride(per_second)
    }

    /// Waits for room for `count`; when nothing is claimed there is room for any number.
    pub async fn place(self: &Arc<Self>, count: usize, per_second: f64) -> Place {
        let _turn = self.turn.lock().await;
        loop {
            let freed = self.freed.notified();
            if self.take(count, per_second) {
                return Place { window: Arc::clone(self), per_second, count };
            }
            freed.await;
        }
    }

    fn take(&self, count: usize, per_second: f64) -> bool {
        let mut state = self.lock();
        let room = state.claimed == 0 || state.size.holds(state.claimed + count, per_second);
        if room {
            state.claimed += count;
        }
        room
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Everything claimed here has been called, in time or not.
    pub fn learn(&self, timely: bool) {
        let mut state = self.window.lock();
        state.size = match timely {
            true => state.size.after_timely(self.count, self.per_second),
            false => state.size.after_late(),
        };
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.window.lock().claimed -= self.count;
        self.window.freed.notify_one();
    }
}
