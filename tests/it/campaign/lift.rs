//! The statistics behind a campaign's lift, held against published values, and the board of shared counts.

use proptest::prelude::*;
use service::campaign::lift::{
    Estimate, Sample, Share, freedom, mean_difference, rate_difference, return_on_cost, student, wilson,
};

fn share(hits: u64, of: u64) -> Share {
    Share { hits, of }
}

fn sample(values: &[f64]) -> Sample {
    let mut sample = Sample::default();
    values.iter().for_each(|value| sample.add(*value));
    sample
}

#[track_caller]
fn near(estimate: Estimate, (low, high): (f64, f64), within: f64) {
    assert!((estimate.low - low).abs() < within && (estimate.high - high).abs() < within, "{estimate:?}");
}

/// Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
#[test]
fn a_rate_has_wilsons_interval() {
    for ((hits, of), interval) in [
        ((81, 263), (0.2553, 0.3662)),
        ((15, 148), (0.0624, 0.1605)),
        ((0, 20), (0.0, 0.1611)),
        ((1, 29), (0.0061, 0.1718)),
    ] {
        near(wilson(share(hits, of)).unwrap(), interval, 0.000_06);
    }
    assert_eq!(wilson(share(0, 0)), None);
}

/// Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10.
#[test]
fn two_rates_differ_by_newcombes_interval() {
    for ((hits, of), (other_hits, other_of), interval) in [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ] {
        let found = rate_difference(share(hits, of), share(other_hits, other_of)).unwrap();
        near(found, interval, 0.000_06);
    }
    assert_eq!(rate_difference(share(1, 2), share(0, 0)), None);
}

/// Student's sleep data (1908) as R's `t.test(extra ~ group, data = sleep)` prints it.
#[test]
fn two_means_differ_by_welchs_interval() {
    let first = sample(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    let second = sample(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    assert!((freedom(first, second) - 17.776).abs() < 0.001);
    let found = mean_difference(first, second).unwrap();
    assert!((found.value + 1.58).abs() < 1e-9);
    near(found, (-3.365_483_2, 0.205_483_2), 0.000_1);
    assert_eq!(mean_difference(first, sample(&[1.0])), None);
    let same = sample(&[3.0, 3.0, 3.0]);
    near(mean_difference(same, same).unwrap(), (0.0, 0.0), 1e-9);
}

/// Any table of Student's distribution, 97.5 %.
#[test]
fn students_point_is_as_in_the_tables() {
    for (degrees, point) in [
        (1.0, 12.706),
        (2.0, 4.303),
        (3.0, 3.182),
        (4.0, 2.776),
        (5.0, 2.571),
        (10.0, 2.228),
        (30.0, 2.042),
        (100.0, 1.984),
        (f64::INFINITY, 1.960),
    ] {
        assert!((student(degrees) - point).abs() < 0.004, "{degrees}: {}", student(degrees));
    }
}

#[test]
fn what_came_back_is_set_against_the_cost() {
    let sales = Estimate { value: 3000.0, low: 1000.0, high: 5000.0 };
    let found = return_on_cost(sales, 1000).unwrap();
    assert_eq!(found, Estimate { value: 2.0, low: 0.0, high: 4.0 });
    assert_eq!(return_on_cost(sales, 0), None);
}

proptest! {
    #[test]
    fn an_interval_holds_its_value_and_turns_with_its_groups(
        of in 1u64..5000, other_of in 1u64..5000, hits in 0u64..5000, other_hits in 0u64..5000,
    ) {
        let (one, other) = (share(hits.min(of), of), share(other_hits.min(other_of), other_of));
        let found = rate_difference(one, other).unwrap();
        prop_assert!(-1.0 <= found.low && found.low <= found.value);
        prop_assert!(found.value <= found.high && found.high <= 1.0 + 1e-12);
        let turned = rate_difference(other, one).unwrap();
        prop_assert!((turned.low + found.high).abs() < 1e-9 && (turned.high + found.low).abs() < 1e-9);
    }

    #[test]
    fn more_members_make_it_narrower(hits in 0u64..=50, times in 2u64..50) {
        let few = wilson(share(hits, 50)).unwrap();
        let many = wilson(share(hits * times, 50 * times)).unwrap();
        prop_assert!(many.high - many.low < few.high - few.low);
    }
}
