//! Scores, classes and stages of buyers that were worked out by hand, and what holds of any.

use chrono::NaiveDate;
use entity::states::{LifecycleStage, ValueClass};
use proptest::prelude::*;
use service::ids::MemberId;
use service::rfm::rules::{Averages, Bought, Measure, StageDays, class_of, cut, first_day, sum_up};
use uuid::Uuid;

const STAGE_DAYS: StageDays =
    StageDays { new_days: 30, active_days: 90, slowing_days: 180, asleep_days: 365 };

fn buyer(number: u128, (last_days, frequency, money_fen): (i32, u32, i64)) -> Bought {
    Bought {
        member_id: MemberId::from(Uuid::from_u128(number)),
        first_days: 400,
        last_days,
        purchases: frequency,
        frequency,
        money_fen,
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Five who came again and five who came once.
fn ten() -> Vec<Bought> {
    let again = [(1, 9, 900), (11, 5, 100), (21, 4, 800), (31, 3, 200), (91, 2, 700)];
    let once = [(2, 1, 50), (12, 1, 950), (22, 1, 300), (32, 1, 400), (92, 1, 600)];
    (1..).zip(again.into_iter().chain(once)).map(|(number, one)| buyer(number, one)).collect()
}

#[test]
fn cuts_are_the_fifths_and_the_same_value_is_on_one_side_of_them() {
    assert_eq!(cut((1..=10).collect()), [2, 4, 6, 8]);
    assert_eq!(cut(vec![5, 1, 4, 2, 3]), [1, 2, 3, 4]);
    assert_eq!(cut(vec![2, 2, 2, 2, 2, 2, 2, 3, 3, 9]), [2, 2, 2, 3]);
    assert_eq!(cut(vec![7]), [7, 7, 7, 7]);
    assert_eq!(cut(Vec::new()), Vec::<i64>::new());
}

#[test]
fn ten_buyers_get_the_scores_and_classes_that_were_worked_out_by_hand() {
    let buyers = ten();
    let measure = Measure::of(&buyers, STAGE_DAYS);
    let judged: Vec<_> = buyers.iter().map(|one| measure.judge(one).within.unwrap()).collect();

    let scores: Vec<_> =
        judged.iter().map(|(_, scores)| (scores.recency, scores.frequency, scores.money)).collect();
    assert_eq!(
        scores,
        [
            (5, Some(5), 5),
            (4, Some(4), 1),
            (3, Some(3), 4),
            (2, Some(2), 2),
            (1, Some(1), 4),
            (5, None, 1),
            (4, None, 5),
            (3, None, 2),
            (2, None, 3),
            (1, None, 3),
        ]
    );
    let classes: Vec<_> = judged.iter().map(|(class, _)| *class).collect();
    use ValueClass::*;
    assert_eq!(
        classes[..5],
        [ImportantValue, GeneralValue, ImportantValue, GeneralWinBack, ImportantWinBack]
    );
    assert!(classes[5..].iter().all(|class| *class == BoughtOnce));
}

#[test]
fn the_result_keeps_cuts_averages_sums_and_the_share_of_the_top_fifth() {
    let mut buyers = ten();
    let before =
        Bought { frequency: 0, money_fen: 0, last_days: 380, purchases: 3, ..buyer(11, (380, 0, 0)) };
    buyers.push(before);
    let measure = Measure::of(&buyers, STAGE_DAYS);

    let result = sum_up(&buyers, &measure, (day("2025-03-02"), 7));

    assert_eq!(result.cuts.recency_days, [2, 12, 22, 32]);
    assert_eq!(result.cuts.frequency, [2, 3, 4, 5]);
    assert_eq!(result.cuts.money_fen, [100, 300, 600, 800]);
    assert_eq!(result.averages, Averages { recency: 3.0, frequency: 3.0, money: 3.2 });
    assert_eq!((result.never_bought, result.before_window, result.buyers), (7, 1, 10));
    assert_eq!((result.money_fen, result.top_buyers, result.top_money_fen), (5_000, 2, 1_850));
    let once = result.classes.iter().find(|share| share.value_class == ValueClass::BoughtOnce).unwrap();
    assert_eq!((once.members, once.money_fen), (5, 2_300));
    let lost = result.stages.iter().find(|share| share.stage == LifecycleStage::Lost).unwrap();
    assert_eq!(lost.members, 1, "who bought before the window has a stage");
    assert_eq!(result.grid.iter().map(|cell| cell.members).sum::<i64>(), 10);
    let best = result.grid.iter().find(|cell| cell.frequency_score == Some(5)).unwrap();
    assert_eq!((best.recency_score, best.members, best.money_fen), (5, 1, 900));
}

#[test]
fn who_bought_once_moves_no_cut_of_the_frequency() {
    let again: Vec<_> = ten().into_iter().filter(|one| one.purchases > 1).collect();
    let measure = |buyers: &[Bought]| {
        sum_up(buyers, &Measure::of(buyers, STAGE_DAYS), (day("2025-03-02"), 0)).cuts.frequency
    };
    assert_eq!(measure(&ten()), measure(&again));
    // Once within the window and before it too: that is not once.
    let mut returned = ten();
    for one in &mut returned[8..] {
        one.purchases = 2;
    }
    assert_eq!(measure(&returned), [1, 2, 4, 5]);
}

#[test]
fn the_eight_classes_are_the_eight_corners() {
    use ValueClass::*;
    let corners = [
        ([true, true, true], ImportantValue),
        ([true, false, true], ImportantGrowth),
        ([false, true, true], ImportantKeep),
        ([false, false, true], ImportantWinBack),
        ([true, true, false], GeneralValue),
        ([true, false, false], GeneralGrowth),
        ([false, true, false], GeneralKeep),
        ([false, false, false], GeneralWinBack),
    ];
    for (above, class) in corners {
        assert_eq!(class_of(above), class, "{above:?}");
    }
}

#[test]
fn a_stage_ends_with_its_last_day() {
    let stage = |first, last| STAGE_DAYS.stage(first, last);
    assert_eq!(stage(30, 0), LifecycleStage::New);
    assert_eq!(stage(31, 0), LifecycleStage::Active);
    assert_eq!(stage(400, 90), LifecycleStage::Active);
    assert_eq!(stage(400, 91), LifecycleStage::Slowing);
    assert_eq!(stage(400, 180), LifecycleStage::Slowing);
    assert_eq!(stage(400, 181), LifecycleStage::Asleep);
    assert_eq!(stage(400, 365), LifecycleStage::Asleep);
    assert_eq!(stage(400, 366), LifecycleStage::Lost);
}

#[test]
fn a_window_of_months_begins_the_day_after_so_many_months_ago() {
    assert_eq!(first_day(day("2026-03-01"), 12), day("2025-03-02"));
    assert_eq!(first_day(day("2026-12-31"), 12), day("2026-01-01"));
    assert_eq!(first_day(day("2026-03-31"), 1), day("2026-03-01"));
}

proptest! {
    #[test]
    fn equal_values_get_equal_scores_and_better_ones_never_lower_scores(
        rows in proptest::collection::vec((0i32..60, 1u32..8, 0i64..50), 1..60),
    ) {
        let buyers: Vec<Bought> = (1..).zip(rows).map(|(number, row)| buyer(number, row)).collect();
        let measure = Measure::of(&buyers, STAGE_DAYS);
        let judged: Vec<_> = buyers.iter().map(|one| (one, measure.judge(one).within.unwrap())).collect();
        for (one, (_, scores)) in &judged {
            prop_assert!((1..=5).contains(&scores.recency) && (1..=5).contains(&scores.money));
            prop_assert_eq!(scores.frequency.is_none(), one.purchases == 1);
            for (other, (_, others)) in &judged {
                prop_assert!(one.last_days > other.last_days || scores.recency >= others.recency);
                prop_assert!(one.money_fen < other.money_fen || scores.money >= others.money);
                if let (Some(own), Some(others)) = (scores.frequency, others.frequency) {
                    prop_assert!(one.frequency < other.frequency || own >= others);
                }
            }
        }
    }

    #[test]
    fn a_cut_is_the_least_value_that_so_many_fifths_do_not_exceed(
        values in proptest::collection::vec(-20i64..20, 1..50),
    ) {
        let cuts = cut(values.clone());
        let up_to = |most: i64| values.iter().filter(|value| **value <= most).count();
        for (fifth, found) in (1..).zip(cuts) {
            let least = values.iter().filter(|value| up_to(**value) * 5 >= values.len() * fifth).min();
            prop_assert_eq!(least, Some(&found));
        }
    }

    #[test]
    fn everybody_is_counted_once(rows in proptest::collection::vec((0i32..700, 0u32..5, 0i64..900), 0..50)) {
        let buyers: Vec<Bought> = (1..)
            .zip(rows)
            .map(|(number, (last, frequency, money))| {
                let money_fen = if frequency == 0 { 0 } else { money };
                Bought { purchases: frequency + 1, ..buyer(number, (last, frequency, money_fen)) }
            })
            .collect();
        let result = sum_up(&buyers, &Measure::of(&buyers, STAGE_DAYS), (day("2025-03-02"), 0));
        let money: i64 = buyers.iter().map(|one| one.money_fen).sum();
        let all = i64::try_from(buyers.len()).unwrap();
        prop_assert_eq!(result.buyers + result.before_window, all);
        prop_assert_eq!(result.classes.iter().map(|share| share.members).sum::<i64>(), result.buyers);
        prop_assert_eq!(result.grid.iter().map(|cell| cell.members).sum::<i64>(), result.buyers);
        prop_assert_eq!(result.stages.iter().map(|share| share.members).sum::<i64>(), all);
        prop_assert_eq!(result.classes.iter().map(|share| share.money_fen).sum::<i64>(), money);
        prop_assert!(result.top_money_fen <= result.money_fen);
        prop_assert!(result.top_money_fen * 5 >= result.money_fen);
    }
}
