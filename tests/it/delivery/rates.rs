//! How fast what may go: lanes, warm-up, a campaign's own rate, claims in hand.

use std::time::Duration;

use chrono::TimeDelta;
use entity::states::Lane;
use proptest::prelude::*;
use service::delivery::rates::{alone, of_campaign, of_journeys, of_lane, wait, warmth};
use service::delivery::window::Size;
use service::shared_state::{Level, gcra};
use tests::app::start;

/// Lets three lanes ask for all they can get, the urgent one every `gap` steps of a millisecond for one; how many each got.
fn busy(per_second: f64, seconds: i64, gap: i64) -> (u32, u32, Vec<(i64, u32)>) {
    let mut kept: Option<Level> = None;
    let (mut urgent, mut refused, mut others) = (0, 0, Vec::new());
    for millis in 0..seconds * 1_000 {
        let lanes: &[(Lane, u32)] = if millis % gap == 0 {
            &[(Lane::Campaign, 500), (Lane::Urgent, 1)]
        } else {
            &[(Lane::Campaign, 500)]
        };
        for (lane, wanted) in lanes {
            let grant = gcra(&[(kept, of_lane(per_second, *lane))], *wanted, millis * 1_000);
            if grant.granted > 0 {
                kept = Some(grant.levels[0]);
            }
            match lane {
                Lane::Urgent if grant.granted == 0 => refused += 1,
                Lane::Urgent => urgent += 1,
                _ => others.push((millis, grant.granted)),
            }
        }
    }
    (urgent, refused, others)
}

proptest! {
    #[test]
    fn the_urgent_always_find_room_and_all_together_keep_to_the_limit(
        per_second in 50.0..20_000.0_f64,
        share in 0.01..0.5_f64,
    ) {
        let gap = (1_000.0 / (per_second * share)).ceil().max(2.0) as i64;
        let (urgent, refused, others) = busy(per_second, 3, gap);
        prop_assert_eq!(refused, 0);
        let total = urgent + others.iter().map(|(_, granted)| granted).sum::<u32>();
        let allowed = per_second * 0.98 * 3.0 + f64::from(of_lane(per_second, Lane::Urgent).burst) + 1.0;
        prop_assert!(f64::from(total) <= allowed, "{total} of {allowed}");
        prop_assert!(f64::from(total) >= 0.97 * per_second * 3.0 - 3.0, "{total}");
    }

    #[test]
    fn however_much_journeys_ask_for_a_part_is_left_to_campaigns(per_second in 50.0..20_000.0_f64) {
        let (mut of_all, mut own): (Option<Level>, Option<Level>) = (None, None);
        let (mut journeys, mut campaigns) = (0, 0);
        for millis in 0..5_000 {
            let limits = [(of_all, of_lane(per_second, Lane::Journey)), (own, of_journeys(per_second))];
            let grant = gcra(&limits, 500, millis * 1_000);
            journeys += grant.granted;
            (of_all, own) = (Some(grant.levels[0]), Some(grant.levels[1]));
            let grant = gcra(&[(of_all, of_lane(per_second, Lane::Campaign))], 500, millis * 1_000);
            campaigns += grant.granted;
            of_all = Some(grant.levels[0]);
        }
        let part = |granted: u32| f64::from(granted) / (per_second * 5.0);
        prop_assert!(part(campaigns) > 0.17, "{}", part(campaigns));
        prop_assert!(part(journeys) > 0.75, "{}", part(journeys));
    }

    #[test]
    fn no_second_holds_more_than_a_fiftieth_above_the_limit(per_second in 500.0..50_000.0_f64) {
        let rate = of_lane(per_second, Lane::Urgent);
        prop_assert!(rate.per_second + f64::from(rate.burst) <= per_second * 1.02);
    }

    #[test]
    fn a_more_urgent_lane_may_take_more_at_once(per_second in 0.1..50_000.0_f64) {
        let burst = |lane| of_lane(per_second, lane).burst;
        prop_assert!(burst(Lane::Urgent) > burst(Lane::Campaign));
        prop_assert!(burst(Lane::Urgent) >= burst(Lane::Journey));
        prop_assert!(burst(Lane::Journey) > burst(Lane::Campaign));
        prop_assert!(burst(Lane::Campaign) >= 1);
    }

    #[test]
    fn ten_processes_alone_stay_below_the_rate(per_second in 1.0..50_000.0_f64) {
        let rate = of_lane(per_second, Lane::Campaign);
        let mine = alone(rate, 0.1);
        prop_assert!(mine.per_second * 10.0 <= per_second);
        prop_assert!(mine.burst >= 1 && mine.burst <= rate.burst);
    }

    #[test]
    fn a_resumed_campaign_only_gets_warmer(earlier in -60_000..120_000_i64, later in 0..60_000_i64) {
        let at = |millis| warmth(Some(start()), start() + TimeDelta::milliseconds(millis));
        prop_assert!(at(earlier) <= at(earlier + later));
        prop_assert!((0.1..=1.0).contains(&at(earlier)));
    }

    #[test]
    fn a_campaign_never_has_more_than_its_channel(
        own in proptest::option::of(1..10_000_u32),
        channel in 1..10_000_u32,
        warmth in 0.1..1.0_f64,
    ) {
        let rate = of_campaign(own, channel, warmth).unwrap();
        prop_assert!(rate > 0.0 && rate <= f64::from(channel).max(0.1));
        prop_assert!(own.is_none_or(|own| rate <= f64::from(own).max(0.1)));
    }

    #[test]
    fn a_window_never_closes_and_never_passes_three_tenths_of_a_second(
        per_second in 0.1..100_000.0_f64,
        calls in proptest::collection::vec((any::<bool>(), 1..500_usize), 0..60),
    ) {
        let mut size = Size::of(per_second);
        for (timely, claimed) in calls {
            size = if timely { size.after_timely(claimed, per_second) } else { size.after_late() };
            prop_assert!(size.stride(per_second) >= 1);
            prop_assert!(size.holds(1, per_second));
            prop_assert!(!size.holds((per_second * 0.3) as usize + 2, per_second));
        }
    }

    #[test]
    fn a_window_that_was_too_large_recovers(per_second in 100.0..100_000.0_f64) {
        let mut size = (0..20).fold(Size::of(per_second), |size, _| size.after_late());
        prop_assert_eq!(size.stride(per_second), 1);
        for _ in 0..400 {
            size = size.after_timely(size.stride(per_second), per_second);
        }
        prop_assert_eq!(size, Size::of(per_second));
    }
}

#[test]
fn a_campaign_warms_up_within_half_a_minute() {
    let at = |seconds| warmth(Some(start()), start() + TimeDelta::seconds(seconds));
    assert_eq!([-5, 0, 15, 30, 3_600].map(at), [0.1, 0.1, 0.55, 1.0, 1.0]);
    assert_eq!(warmth(None, start()), 1.0);
    assert_eq!(of_campaign(None, 100, 1.0), None);
    assert_eq!(of_campaign(None, 100, 0.5), Some(50.0));
    assert_eq!(of_campaign(Some(20), 100, 0.5), Some(10.0));
}

#[test]
fn who_waits_for_a_fast_rate_waits_for_a_handful() {
    let waited = |per_second| wait(of_lane(per_second, Lane::Campaign), Duration::from_micros(10));
    assert!(waited(2_000.0) > Duration::from_millis(4));
    assert!(waited(1.0) < Duration::from_millis(1), "at a low rate each counts");
}
