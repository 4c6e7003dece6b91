//! Redis goes away and comes back: calls fail soon instead of hanging, and work again by themselves.

use std::time::{Duration, Instant};

use service::shared_state::{RedisSharedState, SharedState};
use tests::services::{self, Wire};

use super::harness::{MINUTE, redis, soon};

/// Above the call's own deadline, with room for a loaded machine.
const SOON: Duration = Duration::from_secs(10);

async fn until_up(state: &RedisSharedState) {
    soon(async { while state.ping().await.is_err() {} }).await;
}

#[tokio::test]
async fn a_connection_cut_is_made_again() {
    let Some(url) = services::redis_url() else { return };
    let wire = Wire::to(&url).await;
    let state = redis(&wire.url);
    state.set("code", "1", MINUTE).await.unwrap();
    wire.cut();
    state.ping().await.unwrap_err();
    wire.mend();
    until_up(&state).await;
    assert_eq!(state.get("code").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_redis_away_at_the_start_is_joined_when_it_comes() {
    let Some(url) = services::redis_url() else { return };
    let wire = Wire::to(&url).await;
    wire.cut();
    let state = redis(&wire.url);
    let asked = Instant::now();
    state.ping().await.unwrap_err();
    assert!(asked.elapsed() < SOON);
    wire.mend();
    until_up(&state).await;
}

#[tokio::test]
async fn a_redis_that_falls_silent_fails_the_call_and_is_joined_again() {
    let Some(url) = services::redis_url() else { return };
    let wire = Wire::to(&url).await;
    let state = redis(&wire.url);
    until_up(&state).await;
    wire.silence();
    let asked = Instant::now();
    state.get("code").await.unwrap_err();
    assert!(asked.elapsed() < SOON);
    wire.mend();
    until_up(&state).await;
}

#[test]
fn an_address_that_cannot_be_read_is_refused_at_once() {
    assert!(RedisSharedState::connect("http://not-redis").is_err());
}
