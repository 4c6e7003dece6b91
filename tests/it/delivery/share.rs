//! How campaigns share a channel: nothing unused, by weight, nobody starved.

use proptest::collection::vec;
use proptest::prelude::*;
use service::delivery::share::{self, Claimant};

fn claimants() -> impl Strategy<Value = Vec<Claimant>> {
    let one = (1..100_u32, prop_oneof![Just(0), 0..5_000_u64], prop_oneof![0..20_u64, 0..10_000_u64]);
    vec(one.prop_map(|(weight, queued, wanted)| Claimant { weight, queued, wanted }), 1..12)
}

fn filled(one: &Claimant, given: u64) -> f64 {
    (one.queued + given) as f64 / f64::from(one.weight)
}

proptest! {
    #[test]
    fn all_of_the_room_is_used_and_no_more(room in 0..20_000_u64, claimants in claimants()) {
        let given = share::split(room, &claimants);
        let wanted: u64 = claimants.iter().map(|one| one.wanted).sum();
        prop_assert_eq!(given.iter().sum::<u64>(), room.min(wanted));
        prop_assert!(given.iter().zip(&claimants).all(|(given, one)| *given <= one.wanted));
    }

    #[test]
    fn nobody_gets_more_while_another_has_less_for_its_weight(room in 0..20_000_u64, claimants in claimants()) {
        let given = share::split(room, &claimants);
        for (one, mine) in claimants.iter().zip(&given).filter(|(one, mine)| **mine < one.wanted) {
            for (other, theirs) in claimants.iter().zip(&given).filter(|(_, theirs)| **theirs > 0) {
                prop_assert!(
                    filled(other, *theirs - 1) <= filled(one, *mine + 1) + 1e-6,
                    "{one:?} got {mine}, {other:?} got {theirs}"
                );
            }
        }
    }

    /// A queue that is worked off in its order and filled up again and again.
    #[test]
    fn over_time_everybody_with_work_gets_its_part(weights in vec(1..20_u32, 2..6), ahead in 50..500_u64) {
        const ROUNDS: u64 = 400;
        let mut queue: Vec<usize> = Vec::new();
        let mut served = vec![0_u64; weights.len()];
        let drained = ahead / 4;
        for _ in 0..ROUNDS {
            for one in queue.drain(..queue.len().min(drained as usize)) {
                served[one] += 1;
            }
            let claimants: Vec<_> = weights.iter().enumerate().map(|(place, weight)| Claimant {
                weight: *weight,
                queued: queue.iter().filter(|one| **one == place).count() as u64,
                wanted: ahead,
            }).collect();
            let given = share::split(ahead - queue.len() as u64, &claimants);
            let lists = given.iter().enumerate().map(|(place, count)| vec![place; *count as usize]).collect();
            queue.extend(share::interleave(lists));
        }
        let total: u64 = served.iter().sum();
        let all: u32 = weights.iter().sum();
        prop_assert!(total >= (ROUNDS - 5) * drained, "the queue ran dry: {total}");
        for (served, weight) in served.iter().zip(&weights) {
            let part = *served as f64 / total as f64;
            let due = f64::from(*weight) / f64::from(all);
            prop_assert!((part - due).abs() < 0.05 + due * 0.1, "{part} instead of {due}");
        }
    }

    #[test]
    fn a_batch_and_what_lies_ahead_are_never_nothing(rate in 1..200_000_u32, batch in 1..1_000_usize, own in 1..5_000_u32) {
        prop_assert!((1..=4_000).contains(&share::ahead(rate, batch, 4_000)));
        prop_assert!((1..=batch).contains(&share::batch(batch, rate, Some(own))));
        prop_assert!(share::own_ahead(own) >= 1);
    }
}

#[test]
fn a_campaign_that_comes_later_gets_all_of_the_room_until_it_has_caught_up() {
    let big = Claimant { weight: 1, queued: 900, wanted: 10_000 };
    let small = Claimant { weight: 1, queued: 0, wanted: 1_000 };
    assert_eq!(share::split(100, &[big, small]), [0, 100]);
    assert_eq!(share::split(1_100, &[big, small]), [100, 1_000]);
}

#[test]
fn what_one_has_no_use_for_goes_to_the_others() {
    let idle = Claimant { weight: 50, queued: 0, wanted: 3 };
    let busy = Claimant { weight: 1, queued: 0, wanted: 10_000 };
    assert_eq!(share::split(1_000, &[idle, busy]), [3, 997]);
}

#[test]
fn half_a_second_of_the_rate_lies_ahead_and_at_a_low_rate_a_little_more() {
    let ahead = |rate| share::ahead(rate, 200, 4_000);
    assert_eq!([1, 50, 300, 2_000, 1_000_000].map(ahead), [2, 100, 400, 1_000, 4_000]);
}

#[test]
fn batches_of_several_campaigns_take_turns() {
    assert_eq!(share::interleave(vec![vec![1, 2, 3], vec![10], vec![20, 21]]), [1, 10, 20, 2, 21, 3]);
}
