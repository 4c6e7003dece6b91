//! Rules over baskets, worked out by hand, and against counting every basket for every rule.

use proptest::prelude::*;
use service::association::rules::{Counts, Item, Limits, Rule, find};

const EVERYTHING: Limits = Limits { min_support_per_10000: 1, min_count: 1, min_confidence_percent: 1 };

const TEA: Item = 0;
const CAKE: Item = 1;
const CUP: Item = 2;

/// Tea in four baskets of five, cake in three, a cup in two.
fn five() -> Vec<Vec<Item>> {
    vec![vec![TEA, CAKE, CUP], vec![TEA, CAKE], vec![TEA], vec![TEA, CUP], vec![CAKE]]
}

fn rule<'a>(rules: &'a [Rule], when: &[Item], then: Item) -> Option<&'a Rule> {
    rules.iter().find(|rule| rule.when == when && rule.then == then)
}

#[test]
fn support_confidence_lift_leverage_and_conviction_are_those_worked_out_by_hand() {
    let rules = find(&five(), EVERYTHING);
    let tea_to_cake = rule(&rules, &[TEA], CAKE).unwrap().counts;
    assert_eq!(tea_to_cake, Counts { baskets: 5, when: 4, then: 3, both: 2 });
    let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value} {expected}");
    close(tea_to_cake.support(), 0.4);
    close(tea_to_cake.confidence(), 0.5);
    close(tea_to_cake.lift(), 0.5 / 0.6);
    close(tea_to_cake.leverage(), 0.4 - 0.8 * 0.6);
    close(tea_to_cake.conviction().unwrap(), 0.4 / 0.5);
    let sure = rule(&rules, &[CAKE, CUP], TEA).unwrap().counts;
    assert_eq!((sure, sure.conviction()), (Counts { baskets: 5, when: 1, then: 4, both: 1 }, None));
    close(sure.lift(), 1.25);
    assert_eq!(rules.len(), 9, "three pairs both ways, and one of three in three ways");
}

#[test]
fn the_share_and_the_count_both_have_to_be_reached() {
    let count = |limits| find(&five(), limits).len();
    assert_eq!(count(Limits { min_count: 2, ..EVERYTHING }), 4);
    assert_eq!(count(Limits { min_count: 3, ..EVERYTHING }), 0);
    // Two baskets of five are 40 %.
    assert_eq!(count(Limits { min_support_per_10000: 4_000, ..EVERYTHING }), 4);
    assert_eq!(count(Limits { min_support_per_10000: 4_001, ..EVERYTHING }), 0);
    let two_thirds = Limits { min_confidence_percent: 66, ..EVERYTHING };
    assert!(rule(&find(&five(), two_thirds), &[CAKE], TEA).is_some());
    let more = Limits { min_confidence_percent: 67, ..EVERYTHING };
    assert!(rule(&find(&five(), more), &[CAKE], TEA).is_none());
}

fn holding(baskets: &[Vec<Item>], items: &[Item]) -> i64 {
    let holds = |basket: &&Vec<Item>| items.iter().all(|item| basket.contains(item));
    i64::try_from(baskets.iter().filter(holds).count()).unwrap()
}

/// Every rule there could be, each counted over all baskets.
fn by_counting(baskets: &[Vec<Item>], limits: Limits) -> Vec<(Vec<Item>, Item, Counts)> {
    let all = i64::try_from(baskets.len()).unwrap();
    let mut rules = Vec::new();
    let items: Vec<Item> = (0..8).collect();
    let singles = items.iter().map(|one| vec![*one]);
    let pairs =
        items.iter().flat_map(|one| items.iter().filter(move |two| *two > one).map(|two| vec![*one, *two]));
    for when in singles.chain(pairs) {
        for then in items.iter().filter(|then| !when.contains(then)) {
            let both = holding(baskets, &[when.as_slice(), &[*then]].concat());
            let counts = Counts {
                baskets: all,
                when: holding(baskets, &when),
                then: holding(baskets, &[*then]),
                both,
            };
            let is_enough = both > 0
                && both >= limits.min_count
                && both * 10_000 >= limits.min_support_per_10000 * all
                && both * 100 >= limits.min_confidence_percent * counts.when;
            if is_enough {
                rules.push((when.clone(), *then, counts));
            }
        }
    }
    rules.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    rules
}

proptest! {
    #[test]
    fn the_rules_are_those_that_counting_finds(
        baskets in proptest::collection::vec(proptest::collection::btree_set(0u32..8, 1..6), 0..25),
        (share, count, confidence) in (1i64..4_000, 1i64..5, 1i64..=100),
    ) {
        let baskets: Vec<Vec<Item>> = baskets.into_iter().map(|basket| basket.into_iter().collect()).collect();
        let limits =
            Limits { min_support_per_10000: share, min_count: count, min_confidence_percent: confidence };
        let mut found: Vec<_> =
            find(&baskets, limits).into_iter().map(|rule| (rule.when, rule.then, rule.counts)).collect();
        prop_assert!(found.is_sorted_by(|one, other| one.2.lift() >= other.2.lift() - 1e-9));
        found.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
        prop_assert_eq!(found, by_counting(&baskets, limits));
    }
}
