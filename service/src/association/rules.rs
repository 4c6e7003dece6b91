//! Rules over baskets, pure: one or two things together, and a third that goes with them. Every thing has the sorted list of the baskets that
//! hold it, and what is held together is where lists meet (Eclat, Zaki 2000). Counts decide, so that no rounding does.

use std::collections::{BTreeMap, HashMap};

/// A thing in a basket, numbered by whoever made the baskets.
pub type Item = u32;
type Baskets = Vec<u32>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Of all baskets, in ten-thousandths.
    pub min_support_per_10000: i64,
    /// Baskets that hold everything a rule names.
    pub min_count: i64,
    pub min_confidence_percent: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// One or two, in order.
    pub when: Vec<Item>,
    pub then: Item,
    pub counts: Counts,
}

/// In how many baskets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub baskets: i64,
    pub when: i64,
    pub then: i64,
    pub both: i64,
}

impl Counts {
    pub fn support(self) -> f64 {
        ratio(self.both, self.baskets)
    }

    pub fn confidence(self) -> f64 {
        ratio(self.both, self.when)
    }

    /// How many times as often as if they had nothing to do with each other.
    pub fn lift(self) -> f64 {
        ratio(self.both, self.when) / ratio(self.then, self.baskets)
    }

    /// The share of baskets above what chance would bring.
    pub fn leverage(self) -> f64 {
        self.support() - ratio(self.when, self.baskets) * ratio(self.then, self.baskets)
    }

    /// How many times as often the rule would be wrong by chance. None: it is never wrong.
    pub fn conviction(self) -> Option<f64> {
        let wrong = 1.0 - self.confidence();
        (self.both < self.when).then(|| (1.0 - ratio(self.then, self.baskets)) / wrong)
    }
}

fn ratio(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

impl Limits {
    /// The least count that both the share and the count allow; one basket at least.
    fn least(self, baskets: usize) -> usize {
        let share = i64::try_from(baskets).unwrap_or(i64::MAX).saturating_mul(self.min_support_per_10000);
        let by_share = share.saturating_add(9_999) / 10_000;
        usize::try_from(by_share.max(self.min_count).max(1)).unwrap_or(usize::MAX)
    }

    fn is_sure(self, counts: Counts) -> bool {
        counts.both * 100 >= self.min_confidence_percent * counts.when
    }
}

/// The rules of the baskets, those with the highest lift first. The things of a basket are each once.
pub fn find(baskets: &[Vec<Item>], limits: Limits) -> Vec<Rule> {
    let found = Found::of(baskets, limits);
    let mut rules = Vec::new();
    for (&first, then) in &found.pairs {
        for (&second, held) in then {
            let both = count(held);
            rules.extend(found.rule(&[first], second, both));
            rules.extend(found.rule(&[second], first, both));
        }
    }
    found.triples(|[one, two, three], both| {
        rules.extend(found.rule(&[one, two], three, both));
        rules.extend(found.rule(&[one, three], two, both));
        rules.extend(found.rule(&[two, three], one, both));
    });
    rules.sort_unstable_by(by_lift);
    rules
}

/// The highest lift first, then the more baskets; told by whole numbers, so that equal lifts are equal.
fn by_lift(one: &Rule, other: &Rule) -> std::cmp::Ordering {
    let cross = |of: &Rule, against: &Rule| {
        i128::from(of.counts.both) * i128::from(against.counts.when) * i128::from(against.counts.then)
    };
    cross(other, one)
        .cmp(&cross(one, other))
        .then(other.counts.both.cmp(&one.counts.both))
        .then_with(|| one.when.cmp(&other.when))
        .then(one.then.cmp(&other.then))
}

/// What is in enough baskets.
struct Found {
    limits: Limits,
    baskets: usize,
    least: usize,
    items: BTreeMap<Item, Baskets>,
    /// By the first and the second thing, in order.
    pairs: BTreeMap<Item, BTreeMap<Item, Baskets>>,
}

impl Found {
    fn of(baskets: &[Vec<Item>], limits: Limits) -> Self {
        let least = limits.least(baskets.len());
        let mut items: BTreeMap<Item, Baskets> = BTreeMap::new();
        for (number, basket) in (0..).zip(baskets) {
            for item in basket {
                items.entry(*item).or_default().push(number);
            }
        }
        items.retain(|_, held| held.len() >= least);
        let mut found = Self { limits, baskets: baskets.len(), least, items, pairs: BTreeMap::new() };
        for (first, second) in pairs_in(baskets, &found.items, least) {
            let held = meet(&found.items[&first], &found.items[&second]);
            found.pairs.entry(first).or_default().insert(second, held);
        }
        found
    }

    /// Of things that are in enough baskets two by two, those that are all together.
    fn triples(&self, mut each: impl FnMut([Item; 3], i64)) {
        for (&one, then) in &self.pairs {
            for (&two, held) in then {
                let Some(after) = self.pairs.get(&two) else { continue };
                for (&three, _) in then.range(two + 1..) {
                    if !after.contains_key(&three) {
                        continue;
                    }
                    let both = meet(held, &self.items[&three]);
                    if both.len() >= self.least {
                        each([one, two, three], count(&both));
                    }
                }
            }
        }
    }

    fn rule(&self, when: &[Item], then: Item, both: i64) -> Option<Rule> {
        let held = match when {
            [one] => self.items.get(one)?,
            [one, two] => self.pairs.get(one)?.get(two)?,
            _ => return None,
        };
        let counts = Counts {
            baskets: i64::try_from(self.baskets).unwrap_or(i64::MAX),
            when: count(held),
            then: count(self.items.get(&then)?),
            both,
        };
        self.limits.is_sure(counts).then(|| Rule { when: when.to_vec(), then, counts })
    }
}

/// The pairs that are in enough baskets: counted basket by basket, as most pairs are in none.
fn pairs_in(baskets: &[Vec<Item>], items: &BTreeMap<Item, Baskets>, least: usize) -> Vec<(Item, Item)> {
    let mut counts: HashMap<(Item, Item), usize> = HashMap::new();
    let mut kept = Vec::new();
    for basket in baskets {
        kept.clear();
        kept.extend(basket.iter().filter(|item| items.contains_key(item)));
        kept.sort_unstable();
        for (place, first) in kept.iter().enumerate() {
            for second in &kept[place + 1..] {
                *counts.entry((*first, *second)).or_default() += 1;
            }
        }
    }
    counts.into_iter().filter(|(_, count)| *count >= least).map(|(pair, _)| pair).collect()
}

/// Of two lists in order what is in both.
fn meet(one: &[u32], other: &[u32]) -> Baskets {
    let (mut left, mut right) = (0, 0);
    let mut both = Vec::new();
    while left < one.len() && right < other.len() {
        match one[left].cmp(&other[right]) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                both.push(one[left]);
                (left, right) = (left + 1, right + 1);
            }
        }
    }
    both
}

fn count(held: &[u32]) -> i64 {
    i64::try_from(held.len()).unwrap_or(i64::MAX)
}
