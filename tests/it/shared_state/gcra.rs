//! The rate rule: never above the rate and the burst in any window, close to the rate when there is work, room for the urgent
//! however busy the others are, and the same answers from Redis.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use service::shared_state::{Level, Limit, Permits, Rate, SharedState, gcra};
use tests::services;

use super::harness::{noon, redis};

fn rates() -> impl Strategy<Value = Rate> {
    let per_second =
        prop_oneof![0.01..1.0_f64, 1.0..100.0, 100.0..20_000.0, Just(3.0), Just(50.0), Just(0.1)];
    (per_second, 1..500_u32).prop_map(|(per_second, burst)| Rate { per_second, burst })
}

/// Asks for some permits after the clock has moved by some share of the burst's own time, now and then backwards.
fn steps() -> impl Strategy<Value = Vec<(u32, f64)>> {
    vec((1..300_u32, prop_oneof![3 => 0.0..0.3_f64, 1 => 0.0..3.0, 1 => -1.0..0.0]), 1..60)
}

/// The clock's readings, in microseconds since its start.
fn clock(rate: Rate, steps: &[(u32, f64)]) -> Vec<i64> {
    let burst_micros = f64::from(rate.burst) / rate.per_second * 1e6;
    let moved = steps.iter().scan(0.0, |at, (_, share)| {
        *at += share * burst_micros;
        Some(*at as i64)
    });
    moved.collect()
}

fn start() -> i64 {
    noon().timestamp_micros()
}

/// One limit and what is kept of it.
struct Kept(Option<Level>);

impl Kept {
    fn take(&mut self, rate: Rate, wanted: u32, at: i64) -> Permits {
        let grant = gcra(&[(self.0, rate)], wanted, start() + at);
        assert!(grant.granted <= wanted);
        if grant.granted > 0 || self.0.is_some_and(|level| level.at_micros > grant.levels[0].at_micros) {
            self.0 = Some(grant.levels[0]);
        }
        Permits { granted: grant.granted, retry_after: grant.retry_after }
    }
}

/// The grants of a whole run, each with how far the clock has come forward, in microseconds.
fn run(rate: Rate, steps: &[(u32, f64)]) -> Vec<(i64, u32)> {
    let mut kept = Kept(None);
    let (mut forward, mut before) = (0, None::<i64>);
    let mut grants = Vec::new();
    for (at, (wanted, _)) in clock(rate, steps).into_iter().zip(steps) {
        forward += before.map_or(0, |before| (at - before).max(0));
        before = Some(at);
        grants.push((forward, kept.take(rate, *wanted, at).granted));
    }
    grants
}

proptest! {
    #[test]
    fn no_window_grants_more_than_its_rate_and_the_burst(rate in rates(), steps in steps()) {
        let grants = run(rate, &steps);
        for (first, (from, _)) in grants.iter().enumerate() {
            let mut granted = 0;
            for (to, more) in &grants[first..] {
                granted += more;
                let allowed = rate.per_second * (to - from) as f64 / 1e6 + f64::from(rate.burst);
                prop_assert!(f64::from(granted) <= allowed + 1e-6, "{granted} of {allowed}");
            }
        }
    }

    #[test]
    fn who_comes_when_told_gets_a_permit(rate in rates(), steps in steps()) {
        let mut kept = Kept(None);
        for (at, (wanted, _)) in clock(rate, &steps).into_iter().zip(&steps) {
            let permits = kept.take(rate, *wanted, at);
            let told = at + permits.retry_after.as_micros() as i64;
            // One microsecond for the last digit of the arithmetic.
            prop_assert!(Kept(kept.0).take(rate, 1, told + 1).granted == 1);
            if permits.granted == *wanted {
                prop_assert!(!permits.retry_after.is_zero() || Kept(kept.0).take(rate, 1, at).granted == 1);
            }
        }
    }

    #[test]
    fn steady_work_reaches_the_rate(
        rate in rates(),
        wanted in 1..300_u32,
        late_micros in 0..2_000_i64,
    ) {
        // A late worker loses nothing as long as the burst covers its lateness.
        prop_assume!(f64::from(rate.burst - 1) / rate.per_second * 1e6 >= late_micros as f64 + 1.0 || late_micros == 0);
        let (mut at, mut kept, mut granted) = (0, Kept(None), 0_u64);
        let end = (1_000.0 / rate.per_second * 1e6) as i64;
        while at < end {
            let permits = kept.take(rate, wanted, at);
            granted += u64::from(permits.granted);
            let wait = permits.retry_after.as_micros() as i64;
            at += if wait > 0 { wait + late_micros } else { 0 };
        }
        prop_assert!(granted as f64 >= 0.97 * 1_000.0, "{granted} of 1000");
    }

    #[test]
    fn a_clock_moved_back_grants_no_more_and_goes_on_at_the_rate(
        rate in rates(),
        back_micros in 0..100_000_000_i64,
        wanted in 1..300_u32,
    ) {
        let mut kept = Kept(None);
        kept.take(rate, u32::MAX, 0);
        prop_assert_eq!(kept.take(rate, wanted, -back_micros).granted, 0);
        let one = (1e6 / rate.per_second).ceil() as i64 + 1;
        prop_assert!(kept.take(rate, 1, one - back_micros).granted == 1);
    }

    /// What the campaign lane leaves unused of the urgent lane's burst, the urgent lane finds, whenever it comes.
    #[test]
    fn the_urgent_find_room_however_busy_the_others_are(
        rate in rates(),
        more in 1..200_u32,
        steps in vec((1..300_u32, 0.0..0.5_f64), 1..60),
    ) {
        let urgent = Rate { burst: rate.burst + more, ..rate };
        let mut kept = Kept(None);
        let mut total = Vec::new();
        for (place, (at, (wanted, _))) in clock(rate, &steps).into_iter().zip(&steps).enumerate() {
            let mut granted = kept.take(rate, *wanted, at).granted;
            if place % 7 == 6 {
                // The others stand at their burst, and what they were granted is counted in whole microseconds: at once all of
                // the difference is there but for one permit, and that one is there a microsecond later.
                let [at_once, soon] = [at, at + 1].map(|at| Kept(kept.0).take(urgent, more, at));
                let told = at_once.retry_after;
                if !total.iter().any(|(_, urgent, _)| *urgent) {
                    prop_assert!(at_once.granted + 1 >= more && soon.granted == more);
                    prop_assert!(at_once.granted > 0 || told == std::time::Duration::from_micros(1));
                }
                granted += kept.take(urgent, 1, at).granted;
                total.push((at, true, granted));
            } else {
                total.push((at, false, granted));
            }
        }
        let (first, last) = (total[0].0, total[total.len() - 1].0);
        let all: u32 = total.iter().map(|(_, _, granted)| granted).sum();
        let allowed = rate.per_second * (last - first) as f64 / 1e6 + f64::from(urgent.burst);
        prop_assert!(f64::from(all) <= allowed + 1e-6, "{all} of {allowed}");
    }

    #[test]
    fn several_limits_grant_what_the_narrowest_has(one in rates(), other in rates(), steps in steps()) {
        let mut kept = (None, None);
        for (at, (wanted, _)) in clock(one, &steps).into_iter().zip(&steps) {
            let now = start() + at;
            let alone = |level, rate| gcra(&[(level, rate)], *wanted, now).granted;
            let expected = alone(kept.0, one).min(alone(kept.1, other));
            let grant = gcra(&[(kept.0, one), (kept.1, other)], *wanted, now);
            prop_assert_eq!(grant.granted, expected);
            kept = (Some(grant.levels[0]), Some(grant.levels[1]));
        }
    }

    #[test]
    fn what_is_kept_can_be_read_back(backlog_micros in 0..i64::MAX / 2, at_micros in any::<i64>()) {
        let level = Level { backlog_micros, at_micros };
        prop_assert_eq!(Level::decode(&level.encode()), Some(level));
    }
}

fn instant(micros: i64) -> DateTime<Utc> {
    noon() + TimeDelta::microseconds(micros)
}

#[test]
fn redis_answers_to_the_last_digit_as_the_rule_does() {
    let Some(url) = services::redis_url() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let state = runtime.block_on(async { redis(&url) });
    let runs = std::cell::Cell::new(0);
    proptest!(ProptestConfig::with_cases(128), |(one in rates(), other in rates(), steps in steps())| {
        runs.set(runs.get() + 1);
        let (key, wide) = (format!("rate {}", runs.get()), format!("wide {}", runs.get()));
        let limits = [Limit { key: &key, rate: one }, Limit { key: &wide, rate: other }];
        let mut kept = [None, None];
        for (at, (wanted, _)) in clock(one, &steps).into_iter().zip(&steps) {
            let expected = gcra(&[(kept[0], one), (kept[1], other)], *wanted, start() + at);
            for (kept, level) in kept.iter_mut().zip(&expected.levels) {
                if expected.granted > 0 || kept.is_some_and(|kept: Level| kept.at_micros > level.at_micros) {
                    *kept = Some(*level);
                }
            }
            let permits = runtime.block_on(state.take_together(&limits, *wanted, instant(at))).unwrap();
            prop_assert_eq!(permits.granted, expected.granted);
            prop_assert_eq!(permits.retry_after, expected.retry_after);
            for (key, kept) in [&key, &wide].into_iter().zip(kept) {
                prop_assert_eq!(runtime.block_on(state.get(key)).unwrap(), kept.map(Level::encode));
            }
        }
    });
}
