//! When a failed try is made again, as a pure decision.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use service::delivery::retry::{back_off, next_try};
use service::ids::DeliveryId;

fn any_id() -> impl Strategy<Value = DeliveryId> {
    any::<u128>().prop_map(|id| DeliveryId(uuid::Uuid::from_u128(id)))
}

fn now() -> DateTime<Utc> {
    "2026-03-02T04:00:00Z".parse().unwrap()
}

#[test]
fn those_who_failed_together_do_not_come_back_together() {
    let ids = (0..1000_u128).map(|id| DeliveryId(uuid::Uuid::from_u128(id << 64)));
    let waits: std::collections::BTreeSet<_> = ids.map(|id| back_off(id, 3).num_seconds()).collect();
    assert!(waits.len() > 80, "{}", waits.len());
    let (first, last) = (waits.first().unwrap(), waits.last().unwrap());
    assert!((240..250).contains(first) && (350..=360).contains(last), "{first} {last}");
}

proptest! {
    #[test]
    fn a_wait_is_a_fifth_off_its_rung_at_most_and_each_is_longer_than_the_one_before(id in any_id(), tries in 1..12_i32) {
        let rungs = [5.0, 30.0, 300.0, 1_800.0, 7_200.0];
        let rung = rungs[(tries as usize - 1).min(4)];
        let wait = back_off(id, tries).num_milliseconds() as f64 / 1000.0;
        prop_assert!(wait >= rung * 0.8 - 0.001 && wait <= rung * 1.2, "{wait} of {rung}");
        prop_assert_eq!(back_off(id, tries), back_off(id, tries));
        if tries < 5 {
            prop_assert!(back_off(id, tries + 1) > back_off(id, tries));
        }
    }

    #[test]
    fn no_try_lies_at_or_past_the_offers_end(
        id in any_id(), tries in 1..8_i32, wait in proptest::option::of(0..10_000_i64), left in 0..10_000_i64,
    ) {
        let end = now() + Duration::seconds(left);
        let wait = wait.map(Duration::seconds);
        match next_try((id, tries), wait, now(), Some(end)) {
            Some(at) => prop_assert!(at >= now() && at < end),
            None => prop_assert!(now() + wait.unwrap_or_else(|| back_off(id, tries)) >= end),
        }
        prop_assert!(next_try((id, tries), wait, now(), None).is_some());
    }
}
