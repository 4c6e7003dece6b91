//! The table of queues: names that outside tools rely on, and waits that spread.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use worker::topology::{Queue, RetryLadder, jittered, longest, table};

#[test]
fn every_queue_has_its_rungs_and_its_dead_letters() {
    let names: Vec<String> = table(&RetryLadder::default()).into_iter().map(|row| row.name).collect();
    let of_campaigns: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with("delivery.send")).collect();
    let expected = [
        "delivery.send",
        "delivery.send.retry.5s",
        "delivery.send.retry.30s",
        "delivery.send.retry.5m",
        "delivery.send.retry.30m",
        "delivery.send.retry.2h",
        "delivery.send.dead",
    ];
    assert_eq!(of_campaigns, expected);
    assert_eq!(names.len(), Queue::ALL.len() * expected.len());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn whatever_dies_arrives_in_a_queue_of_the_table() {
    let rows = table(&RetryLadder::default());
    for after in rows.iter().filter_map(|row| row.after_death.as_ref()) {
        assert!(rows.iter().any(|row| row.exchange == after.exchange && row.name == after.routing_key));
    }
}

#[test]
fn the_ladder_ends_after_its_last_rung() {
    let ladder = RetryLadder::default();
    let minutes: Vec<Option<u64>> =
        (1..=6).map(|attempt| ladder.rung_after(attempt).map(|rung| rung.as_secs())).collect();
    assert_eq!(minutes, [Some(5), Some(30), Some(300), Some(1_800), Some(7_200), None]);
    assert_eq!(RetryLadder::new([]).rung_after(1), None);
}

#[test]
fn messages_that_fail_together_do_not_return_together() {
    let waits: BTreeSet<Duration> =
        (0..100).map(|id: u32| jittered(Duration::from_secs(5), &id.to_string(), 1)).collect();
    assert!(waits.len() > 20, "{waits:?}");
}

proptest! {
    #[test]
    fn a_wait_is_its_rung_give_or_take_a_fifth(millis in 1_u64..10_000_000, id in ".*", attempt in 1_u32..9) {
        let rung = Duration::from_millis(millis);
        let wait = jittered(rung, &id, attempt);
        prop_assert!(wait >= rung * 4 / 5 && wait <= longest(rung));
        prop_assert_eq!(longest(rung), rung * 6 / 5);
    }
}
