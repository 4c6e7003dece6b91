//! The rate rule: never above the rate and the burst in any window, close to the rate when there is work, and the same
//! answers from Redis.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use service::shared_state::{Rate, SharedState, gcra};
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

/// The grants of a whole run, each with its time.
fn run(rate: Rate, steps: &[(u32, f64)]) -> Vec<(i64, u32)> {
    let mut tat = None;
    let mut grants = Vec::new();
    for (at, (wanted, _)) in clock(rate, steps).into_iter().zip(steps) {
        let grant = gcra(tat, rate, *wanted, start() + at);
        assert!(grant.granted <= *wanted);
        if grant.granted > 0 {
            tat = Some(grant.tat_micros);
        }
        grants.push((at, grant.granted));
    }
    grants
}

proptest! {
    #[test]
    fn no_window_grants_more_than_its_rate_and_the_burst(rate in rates(), steps in steps()) {
        let grants = run(rate, &steps);
        for (from, _) in &grants {
            for (to, _) in grants.iter().filter(|(to, _)| to >= from) {
                let window = grants.iter().filter(|(at, _)| (from..=to).contains(&at));
                let granted: u32 = window.map(|(_, granted)| granted).sum();
                let allowed = rate.per_second * (to - from) as f64 / 1e6 + f64::from(rate.burst);
                prop_assert!(f64::from(granted) <= allowed + 1e-6, "{granted} of {allowed}");
            }
        }
    }

    #[test]
    fn who_comes_when_told_gets_a_permit(rate in rates(), steps in steps()) {
        let mut tat = None;
        for (at, (wanted, _)) in clock(rate, &steps).into_iter().zip(&steps) {
            let grant = gcra(tat, rate, *wanted, start() + at);
            if grant.granted > 0 {
                tat = Some(grant.tat_micros);
            }
            let told = start() + at + grant.retry_after.as_micros() as i64;
            // One microsecond for the last digit of the arithmetic.
            prop_assert!(gcra(tat, rate, 1, told + 1).granted == 1);
            if grant.granted == *wanted {
                prop_assert!(grant.retry_after.as_micros() > 0 || gcra(tat, rate, 1, start() + at).granted == 1);
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
        let (mut now, mut tat, mut granted) = (start(), None, 0_u64);
        let end = start() + (1_000.0 / rate.per_second * 1e6) as i64;
        while now < end {
            let grant = gcra(tat, rate, wanted, now);
            granted += u64::from(grant.granted);
            if grant.granted > 0 {
                tat = Some(grant.tat_micros);
            }
            let wait = grant.retry_after.as_micros() as i64;
            now += if wait > 0 { wait + late_micros } else { 0 };
        }
        prop_assert!(granted as f64 >= 0.97 * 1_000.0, "{granted} of 1000");
    }

    #[test]
    fn a_clock_moved_back_never_grants_more(
        rate in rates(),
        ahead_micros in 0..10_000_000_i64,
        back_micros in 0..100_000_000_i64,
        wanted in 1..300_u32,
    ) {
        let tat = Some(start() + ahead_micros);
        let now = gcra(tat, rate, wanted, start());
        let earlier = gcra(tat, rate, wanted, start() - back_micros);
        prop_assert!(earlier.granted <= now.granted);
        prop_assert!(earlier.tat_micros >= start() + ahead_micros);
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
    proptest!(ProptestConfig::with_cases(128), |(rate in rates(), steps in steps())| {
        runs.set(runs.get() + 1);
        let (key, mut tat) = (format!("rate {}", runs.get()), None);
        for (at, (wanted, _)) in clock(rate, &steps).into_iter().zip(&steps) {
            let expected = gcra(tat, rate, *wanted, start() + at);
            if expected.granted > 0 {
                tat = Some(expected.tat_micros);
            }
            let permits = runtime.block_on(state.take_permits(&key, rate, *wanted, instant(at))).unwrap();
            prop_assert_eq!(permits.granted, expected.granted);
            prop_assert_eq!(permits.retry_after, expected.retry_after);
            let kept = runtime.block_on(state.get(&key)).unwrap();
            prop_assert_eq!(kept, tat.map(|tat| tat.to_string()));
        }
    });
}
