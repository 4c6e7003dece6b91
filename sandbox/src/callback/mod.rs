//! Callbacks: events of WeChat and receipts of the SMS providers, pushed to the product by a bounded pool.

pub(crate) mod cipher;
pub(crate) mod client;
pub(crate) mod pool;
pub(crate) mod queue;
pub(crate) mod wechat_event;
pub(crate) mod wechat_push;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};

use crate::callback::wechat_event::Event;
use crate::hub::Hub;
use crate::settings::CallbackTarget;
use crate::world::World;
use crate::world::counter::bump;

/// One push, due at a moment of the sandbox's clock. The content never changes between tries.
#[derive(Clone)]
pub(crate) struct Push {
    pub due_at: DateTime<Utc>,
    pub tries: u32,
    pub letter: Letter,
}

#[derive(Clone)]
pub(crate) enum Letter {
    WeChat { target: Arc<CallbackTarget>, openid: Arc<str>, content: Arc<str>, stranger: bool },
    Tencent { url: Arc<str>, body: Bytes },
    Aliyun { url: Arc<str>, body: Bytes },
}

impl Letter {
    /// When the next try is made after `tries` failed ones; `None` gives up.
    pub fn retry_after(&self, tries: u32) -> Option<Duration> {
        match (self, tries) {
            (Self::WeChat { .. } | Self::Tencent { .. }, 1 | 2) => Some(Duration::zero()),
            (Self::Aliyun { .. }, 1) => Some(Duration::minutes(1)),
            (Self::Aliyun { .. }, 2) => Some(Duration::minutes(5)),
            (Self::Aliyun { .. }, 3) => Some(Duration::minutes(10)),
            _ => None,
        }
    }
}

/// The pushes of one WeChat event: none without a configured receiver or when lost, two when doubled.
pub(crate) fn for_wechat(world: &World, openid: &Arc<str>, event: Event, hub: &Hub) -> Vec<Push> {
    let Some(target) = world.callback() else { return Vec::new() };
    let faults = world.faults.callbacks();
    if world.dice.hits(faults.lost_rate) {
        bump(&world.counters.callbacks_lost);
        return Vec::new();
    }
    let now = hub.now();
    let content: Arc<str> = event.write(target.format, &hub.settings.wechat, openid, now).into();
    let copies = if world.dice.hits(faults.duplicate_rate) { 2 } else { 1 };
    let stranger = world.dice.hits(faults.bad_signature_rate);
    let letter = Letter::WeChat { target, openid: Arc::clone(openid), content, stranger };
    (0..copies)
        .map(|_| {
            let wait = faults.delay_ms + world.dice.up_to(faults.delay_spread_ms);
            Push { due_at: now + milliseconds(wait), tries: 0, letter: letter.clone() }
        })
        .collect()
}

pub(crate) fn milliseconds(count: u64) -> Duration {
    Duration::milliseconds(i64::try_from(count).unwrap_or(i64::MAX / 1_000))
}
