//! Delivers pushes, so many at a time, and tries again by each sender's own rule.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::callback::client::Outgoing;
use crate::callback::wechat_push::{self, Envelope};
use crate::callback::{Letter, Push};
use crate::hub::Hub;
use crate::world::World;
use crate::world::counter::bump;

/// Pushes under way at the same time.
const AT_ONCE: usize = 64;

/// How long the pool sleeps at most before it looks at the clock again.
const LONGEST_NAP: Duration = Duration::from_millis(500);

/// Runs until the sandbox is dropped.
pub(crate) async fn run(hub: Arc<Hub>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        while let Some(push) = hub.pushes.take_due(hub.now()) {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let hub = Arc::clone(&hub);
            tokio::spawn(async move {
                deliver(&hub, push).await;
                hub.pushes.settled();
                drop(place);
            });
        }
        nap(&hub).await;
    }
}

/// Sleeps until the bell rings or the next push is due; a clock that stands still is only moved with a ring.
async fn nap(hub: &Hub) {
    let ring = hub.pushes.bell.notified();
    let due_in = hub.pushes.next_due_at().filter(|_| !hub.clock.stands_still()).map(|at| at - hub.now());
    match due_in.map(|wait| wait.to_std().unwrap_or_default()) {
        None => ring.await,
        Some(wait) => drop(tokio::time::timeout(wait.min(LONGEST_NAP), ring).await),
    }
}

/// Delivers without queueing, for events that overtake the answer of the call that caused them.
pub(crate) async fn deliver_now(hub: &Hub, push: Push) {
    deliver(hub, push).await;
}

async fn deliver(hub: &Hub, push: Push) {
    let world = hub.world();
    // Waits count from the start of a try, so a clock moved while the receiver answers does not stretch them.
    let tried_at = hub.now();
    bump(&world.counters.callback_attempts);
    if attempt(hub, &world, &push.letter).await {
        return bump(&world.counters.callbacks_pushed);
    }
    let tries = push.tries + 1;
    match push.letter.retry_after(tries) {
        Some(wait) => hub.pushes.push(Push { due_at: tried_at + wait, tries, letter: push.letter }),
        None => bump(&world.counters.callbacks_failed),
    }
}

async fn attempt(hub: &Hub, world: &World, letter: &Letter) -> bool {
    let deadline = Duration::from_millis(world.faults.callbacks().answer_timeout_ms);
    let Some(outgoing) = address(hub, world, letter) else { return false };
    match hub.pushes.client.post(outgoing, deadline).await {
        Ok((status, body)) => settles(letter, status, &body),
        Err(error) => {
            tracing::debug!(%error, "a callback was not taken");
            false
        }
    }
}

fn address(hub: &Hub, world: &World, letter: &Letter) -> Option<Outgoing> {
    match letter {
        Letter::WeChat { target, openid, content, stranger } => {
            let account = &hub.settings.wechat;
            Envelope { account, target, openid, content, stranger: *stranger }
                .outgoing(&world.dice, hub.now().timestamp())
        }
        Letter::Tencent { url, body } | Letter::Aliyun { url, body } => {
            Some(Outgoing { url: url.to_string(), content_type: "application/json", body: body.clone() })
        }
    }
}

/// Tencent wants `result` 0; Aliyun only looks whether `code` is a number.
fn settles(letter: &Letter, status: u16, body: &str) -> bool {
    let parsed = || serde_json::from_str::<Value>(body).unwrap_or(Value::Null);
    match letter {
        Letter::WeChat { .. } => wechat_push::is_settled(status, body),
        Letter::Tencent { .. } => status == 200 && parsed()["result"] == 0,
        Letter::Aliyun { .. } => status == 200 && parsed()["code"].is_number(),
    }
}
