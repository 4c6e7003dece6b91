//! What every request reaches: the settings, the clock, the world of the moment, the queue of pushes and the live feed.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::SandboxSettings;
use crate::callback::queue::PushQueue;
use crate::clock::Clock;
use crate::world::World;
use crate::world::message::Content;
use crate::world::person::Person;

pub(crate) struct Hub {
    pub settings: SandboxSettings,
    pub clock: Clock,
    pub pushes: PushQueue,
    pub live: broadcast::Sender<Arc<str>>,
    world: RwLock<Arc<World>>,
}

/// Live events a slow page may fall behind by before it skips some.
const LIVE_BACKLOG: usize = 512;

impl Hub {
    pub fn new(settings: SandboxSettings) -> Self {
        let world = RwLock::new(Arc::new(World::new(&settings)));
        let clock = Clock::new(settings.clock.clone());
        let (live, _) = broadcast::channel(LIVE_BACKLOG);
        Self { settings, clock, pushes: PushQueue::default(), live, world }
    }

    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn reset(&self) {
        self.clock.restart();
        self.pushes.clear();
        let fresh = Arc::new(World::new(&self.settings));
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.tell("reset", || json!({}));
    }

    /// Puts a message on a phone and shows it to whoever watches.
    pub fn deliver(&self, world: &World, person: &Person, content: Content) {
        world.counters.message(content.kind());
        let view = world.messages.deliver(person, self.now(), content);
        self.tell("message", || json!({ "person": person.id(), "message": view }));
    }

    /// Builds the event only when somebody listens: a campaign must not pay for an unwatched page.
    pub fn tell(&self, kind: &str, build: impl FnOnce() -> Value) {
        if self.live.receiver_count() == 0 {
            return;
        }
        let event = json!({ "type": kind, "event": build() }).to_string();
        // Without a listener left in the meantime there is nobody to tell.
        let _ = self.live.send(event.into());
    }
}
