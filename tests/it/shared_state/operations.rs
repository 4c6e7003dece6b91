//! What both kinds of shared state promise, in one set of tests.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use service::shared_state::{Limit, Rate, SharedState};

use super::harness::{MINUTE, in_memory, in_redis, noon};

const A_MOMENT: Duration = Duration::from_millis(1);

macro_rules! in_both {
    ($($test:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::in_memory(super::$test).await })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::in_redis(super::$test).await })*
        }
    };
}

in_both! {
    a_value_set_is_read_and_overwritten
    a_value_is_gone_after_its_time_to_live
    a_key_is_set_once_while_it_lives
    of_a_hundred_that_set_an_absent_key_one_succeeds
    a_value_is_removed_only_by_who_knows_it
    of_a_hundred_that_remove_a_value_one_succeeds
    a_value_is_replaced_only_by_who_knows_it
    of_a_hundred_that_replace_a_value_one_succeeds
    a_counter_starts_at_nothing_and_counts_every_step
    a_hundred_that_count_at_once_miss_nothing
    a_counters_time_to_live_starts_with_its_first_step
    a_counter_that_is_none_is_an_error
    permits_are_granted_in_batches_up_to_the_burst
    permits_come_back_at_the_rate_as_the_clock_moves
    a_clock_moved_back_grants_nothing_more_and_stops_nothing
    a_hundred_that_take_permits_at_once_share_the_burst
    permits_are_granted_only_where_every_limit_has_them
    a_larger_burst_on_the_same_limit_finds_room_that_others_leave
    a_closed_rate_grants_nothing
    limits_do_not_mix
    the_shared_state_answers_a_ping
}

type Shared = Arc<dyn SharedState>;

async fn a_value_set_is_read_and_overwritten(state: Shared) {
    assert_eq!(state.get("code").await.unwrap(), None);
    state.set("code", "会员 1", MINUTE).await.unwrap();
    assert_eq!(state.get("code").await.unwrap().as_deref(), Some("会员 1"));
    state.set("code", "", MINUTE).await.unwrap();
    assert_eq!(state.get("code").await.unwrap().as_deref(), Some(""));
}

async fn a_value_is_gone_after_its_time_to_live(state: Shared) {
    state.set("code", "1", A_MOMENT).await.unwrap();
    gone(&state, "code").await;
    state.set("code", "2", Duration::ZERO).await.unwrap();
    gone(&state, "code").await;
    assert!(state.set_if_absent("code", "3", Duration::MAX).await.unwrap());
    assert_eq!(state.get("code").await.unwrap().as_deref(), Some("3"));
}

/// Within the test's bound.
async fn gone(state: &Shared, key: &str) {
    while state.get(key).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
}

async fn a_key_is_set_once_while_it_lives(state: Shared) {
    assert!(state.set_if_absent("lock", "mine", MINUTE).await.unwrap());
    assert!(!state.set_if_absent("lock", "theirs", MINUTE).await.unwrap());
    assert_eq!(state.get("lock").await.unwrap().as_deref(), Some("mine"));
}

async fn of_a_hundred_that_set_an_absent_key_one_succeeds(state: Shared) {
    let winners = at_once(state, async |state: Shared, number: usize| {
        state.set_if_absent("lock", &number.to_string(), MINUTE).await.unwrap()
    });
    assert_eq!(winners.await.into_iter().filter(|won| *won).count(), 1);
}

async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    state: Shared,
    act: impl Fn(Shared, usize) -> F,
) -> Vec<T> {
    let tasks = (0..100).map(|number| tokio::spawn(act(Arc::clone(&state), number)));
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

async fn a_value_is_removed_only_by_who_knows_it(state: Shared) {
    state.set("lock", "mine", MINUTE).await.unwrap();
    assert!(!state.remove_if("lock", "theirs").await.unwrap());
    assert!(state.remove_if("lock", "mine").await.unwrap());
    assert!(!state.remove_if("lock", "mine").await.unwrap());
    assert_eq!(state.get("lock").await.unwrap(), None);
}

async fn of_a_hundred_that_remove_a_value_one_succeeds(state: Shared) {
    state.set("code", "1234", MINUTE).await.unwrap();
    let winners = at_once(state, async |state: Shared, _| state.remove_if("code", "1234").await.unwrap());
    assert_eq!(winners.await.into_iter().filter(|won| *won).count(), 1);
}

async fn a_value_is_replaced_only_by_who_knows_it(state: Shared) {
    assert!(!state.replace_if("token", "old", "new", MINUTE).await.unwrap());
    state.set("token", "old", MINUTE).await.unwrap();
    assert!(state.replace_if("token", "old", "new", MINUTE).await.unwrap());
    assert!(!state.replace_if("token", "old", "newer", MINUTE).await.unwrap());
    assert_eq!(state.get("token").await.unwrap().as_deref(), Some("new"));
    assert!(state.replace_if("token", "new", "brief", A_MOMENT).await.unwrap());
    gone(&state, "token").await;
}

async fn of_a_hundred_that_replace_a_value_one_succeeds(state: Shared) {
    state.set("token", "old", MINUTE).await.unwrap();
    let winners = at_once(state, async |state: Shared, number: usize| {
        state.replace_if("token", "old", &number.to_string(), MINUTE).await.unwrap()
    });
    assert_eq!(winners.await.into_iter().filter(|won| *won).count(), 1);
}

async fn a_counter_starts_at_nothing_and_counts_every_step(state: Shared) {
    assert_eq!(state.increment("tries", 1, MINUTE).await.unwrap(), 1);
    assert_eq!(state.increment("tries", 41, MINUTE).await.unwrap(), 42);
    assert_eq!(state.increment("tries", -50, MINUTE).await.unwrap(), -8);
    assert_eq!(state.get("tries").await.unwrap().as_deref(), Some("-8"));
}

async fn a_hundred_that_count_at_once_miss_nothing(state: Shared) {
    let mut sums =
        at_once(state, async |state: Shared, _| state.increment("tries", 1, MINUTE).await.unwrap()).await;
    sums.sort_unstable();
    assert_eq!(sums, (1..=100).collect::<Vec<i64>>());
}

async fn a_counters_time_to_live_starts_with_its_first_step(state: Shared) {
    state.increment("tries", 1, Duration::from_millis(50)).await.unwrap();
    while state.increment("tries", 1, MINUTE).await.unwrap() > 1 {
        tokio::task::yield_now().await;
    }
}

async fn a_counter_that_is_none_is_an_error(state: Shared) {
    state.set("tries", "many", MINUTE).await.unwrap();
    assert!(state.increment("tries", 1, MINUTE).await.is_err());
    state.set("tries", &i64::MAX.to_string(), MINUTE).await.unwrap();
    assert!(state.increment("tries", 1, MINUTE).await.is_err());
    assert_eq!(state.get("tries").await.unwrap(), Some(i64::MAX.to_string()));
}

const RATE: Rate = Rate { per_second: 10.0, burst: 50 };

async fn take(state: &Shared, wanted: u32, millis: i64) -> (u32, u64) {
    let now = noon() + TimeDelta::milliseconds(millis);
    let permits = state.take_permits("rate", RATE, wanted, now).await.unwrap();
    (permits.granted, permits.retry_after.as_millis() as u64)
}

async fn permits_are_granted_in_batches_up_to_the_burst(state: Shared) {
    assert_eq!(take(&state, 20, 0).await, (20, 0));
    assert_eq!(take(&state, 100, 0).await, (30, 100));
    assert_eq!(take(&state, 1, 0).await, (0, 100));
}

async fn permits_come_back_at_the_rate_as_the_clock_moves(state: Shared) {
    assert_eq!(take(&state, 50, 0).await.0, 50);
    assert_eq!(take(&state, 100, 99).await.0, 0);
    assert_eq!(take(&state, 100, 100).await.0, 1);
    assert_eq!(take(&state, 100, 1_350).await, (12, 50));
    assert_eq!(take(&state, 100, 3_600_000).await.0, 50);
}

async fn a_clock_moved_back_grants_nothing_more_and_stops_nothing(state: Shared) {
    assert_eq!(take(&state, 50, 60_000).await.0, 50);
    assert_eq!(take(&state, 50, 0).await, (0, 100));
    assert_eq!(take(&state, 50, 1_000).await, (10, 100));
}

async fn permits_are_granted_only_where_every_limit_has_them(state: Shared) {
    let (wide, narrow) = (
        Limit { key: "wide", rate: RATE },
        Limit { key: "narrow", rate: Rate { per_second: 1.0, burst: 5 } },
    );
    let permits = state.take_together(&[wide, narrow], 20, noon()).await.unwrap();
    assert_eq!((permits.granted, permits.retry_after), (5, Duration::from_secs(1)));
    let rest = state.take_together(&[wide], 100, noon()).await.unwrap();
    assert_eq!(rest.granted, 45, "what the narrow one refused was not taken from the wide one");
}

async fn a_larger_burst_on_the_same_limit_finds_room_that_others_leave(state: Shared) {
    assert_eq!(take(&state, 100, 0).await.0, 50);
    let urgent = Rate { burst: 60, ..RATE };
    let permits = state.take_permits("rate", urgent, 100, noon()).await.unwrap();
    assert_eq!(permits.granted, 10);
    assert_eq!(take(&state, 100, 1_000).await.0, 0, "the others wait for what it took");
    assert_eq!(take(&state, 100, 1_100).await.0, 1);
}

async fn a_hundred_that_take_permits_at_once_share_the_burst(state: Shared) {
    let granted = at_once(state, async |state: Shared, _| take(&state, 3, 0).await.0).await;
    assert_eq!(granted.iter().sum::<u32>(), RATE.burst);
}

async fn a_closed_rate_grants_nothing(state: Shared) {
    for (per_second, burst) in [(0.0, 9), (-1.0, 9), (f64::NAN, 9), (f64::INFINITY, 9), (1e-12, 9), (1.0, 0)]
    {
        let permits = state.take_permits("rate", Rate { per_second, burst }, 1, noon()).await.unwrap();
        assert_eq!(permits.granted, 0, "{per_second} {burst}");
        assert!(permits.retry_after >= Duration::from_secs(1));
    }
}

async fn limits_do_not_mix(state: Shared) {
    for key in ["rate:sms", "rate:wechat"] {
        let permits = state.take_permits(key, RATE, 50, noon()).await.unwrap();
        assert_eq!(permits.granted, 50, "{key}");
    }
}

async fn the_shared_state_answers_a_ping(state: Shared) {
    state.ping().await.unwrap();
}
