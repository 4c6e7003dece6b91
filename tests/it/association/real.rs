//! The 9,835 baskets of a grocer (Hahsler et al., arules): support and lift of what is known of them. How many rules there are of two and
//! three goods was counted apart from this code.

use std::collections::HashMap;
use std::path::PathBuf;

use service::association::rules::{Item, Limits, Rule, find};
use tests::database::chosen;

struct Groceries {
    baskets: Vec<Vec<Item>>,
    numbers: HashMap<String, Item>,
}

fn groceries() -> Option<Groceries> {
    let folder = chosen("HUIKE_REAL_DATA", "");
    if folder.is_empty() {
        eprintln!("SKIPPED: HUIKE_REAL_DATA is not set, so no rules are found in the groceries");
        return None;
    }
    let text = std::fs::read_to_string(PathBuf::from(folder).join("groceries.csv")).expect("the groceries");
    let mut numbers: HashMap<String, Item> = HashMap::new();
    let baskets = text
        .lines()
        .map(|line| {
            let goods = line.split(',').map(str::trim).filter(|good| !good.is_empty());
            let mut basket: Vec<Item> = goods
                .map(|good| {
                    let next = Item::try_from(numbers.len()).unwrap();
                    *numbers.entry(good.to_owned()).or_insert(next)
                })
                .collect();
            basket.sort_unstable();
            basket.dedup();
            basket
        })
        .collect();
    Some(Groceries { baskets, numbers })
}

impl Groceries {
    fn find(&self, (share, count, confidence): (i64, i64, i64)) -> Vec<Rule> {
        let limits =
            Limits { min_support_per_10000: share, min_count: count, min_confidence_percent: confidence };
        find(&self.baskets, limits)
    }

    fn rule<'a>(&self, rules: &'a [Rule], when: &[&str], then: &str) -> &'a Rule {
        let mut numbers: Vec<Item> = when.iter().map(|good| self.numbers[*good]).collect();
        numbers.sort_unstable();
        let then = self.numbers[then];
        rules.iter().find(|rule| rule.when == numbers && rule.then == then).expect("the rule is found")
    }
}

#[test]
fn the_rules_of_the_groceries_are_as_many_as_were_counted() {
    let Some(groceries) = groceries() else { return };
    assert_eq!((groceries.baskets.len(), groceries.numbers.len()), (9_835, 169));
    // Of the 410 rules that arules finds with these limits 29 are of three goods and none of two.
    assert_eq!(groceries.find((10, 2, 80)).len(), 29);
    assert_eq!(groceries.find((10, 2, 50)).len(), 1_472);
    assert_eq!(groceries.find((100, 2, 50)).len(), 15);
    assert_eq!(groceries.find((60, 2, 25)).len(), 447);
    assert_eq!(groceries.find((100, 2, 20)).len(), 231);
    assert_eq!(groceries.find((1, 99, 20)).len(), 231, "99 baskets are the first count above a hundredth");
}

#[test]
fn what_is_known_of_the_groceries_is_found() {
    let Some(groceries) = groceries() else { return };
    let rules = groceries.find((100, 2, 20));
    let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} {expected}");
    let milk = groceries.rule(&rules, &["other vegetables", "root vegetables"], "whole milk");
    assert_eq!((milk.counts.both, milk.counts.when, milk.counts.then), (228, 466, 2_513));
    close(milk.counts.confidence(), 228.0 / 466.0);
    close(milk.counts.lift(), 1.914_832_570_205_745_4);
    assert_eq!((milk.counts.then as f64 / 9_835.0 * 10_000.0).round(), 2_555.0);

    let rare = groceries.find((10, 2, 80));
    let beer = groceries.rule(&rare, &["liquor", "red/blush wine"], "bottled beer");
    assert_eq!(rare.first(), Some(beer), "the highest lift stands first");
    close(beer.counts.lift(), 11.235_269_360_269_36);
    close(beer.counts.confidence(), 19.0 / 21.0);
}
