//! What a sum earns and what a check makes of it.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Asia::Shanghai;
use proptest::prelude::*;
use service::tier::rules::{
    Checked, Sum, Verdict, deserved, judge, judge_grace, missing, reaches, window_from,
};
use service::tier::{Fall, Need, Tier, TierPolicy, next_check};
use tests::app::start;
use uuid::Uuid;

fn tier(rank: i32, spend_fen: Option<i64>, visits: Option<i64>) -> Tier {
    Tier {
        id: service::ids::TierId(Uuid::from_u128(rank as u128)),
        rank,
        name: rank.to_string(),
        spend_fen,
        visits,
        points_percent: 100,
        birthday_percent: 100,
        coupon_template_ids: serde_json::json!([]),
        rights: serde_json::json!([]),
        created_at: start(),
        updated_at: start(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_tier_is_reached_by_either_or_by_both_as_the_policy_says() {
    let gold = tier(2, Some(500), Some(5));
    let cases =
        [((500, 0), true, false), ((0, 5), true, false), ((500, 5), true, true), ((499, 4), false, false)];
    for ((fen, visits), any, all) in cases {
        let sum = Sum { fen, visits };
        assert_eq!((reaches(&gold, sum, Need::Any), reaches(&gold, sum, Need::All)), (any, all), "{sum:?}");
    }
    assert_eq!(missing(&gold, Sum { fen: 120, visits: 9 }), (Some(380), Some(0)));
}

#[test]
fn a_tier_that_asks_for_nothing_is_only_given_by_hand() {
    let ladder = [tier(0, None, None), tier(1, Some(100), None), tier(2, None, None)];
    assert_eq!(deserved(&ladder, Sum { fen: 1_000_000, visits: 1_000 }, Need::Any), 1);
    assert_eq!(deserved(&ladder, Sum::default(), Need::Any), 0);
}

#[test]
fn the_third_miss_in_a_row_ends_a_tier_by_a_step_or_by_the_balance() {
    let policy = TierPolicy::default();
    let checked = |misses| Checked { current: 2, deserved: 0, misses };
    assert_eq!(judge(&policy, checked(0), start()), Verdict::Missed { misses: 1, left: 2 });
    assert_eq!(judge(&policy, checked(1), start()), Verdict::Missed { misses: 2, left: 1 });
    assert_eq!(judge(&policy, checked(2), start()), Verdict::Falls { to: 1 });
    assert_eq!(judge(&policy, Checked { deserved: 2, ..checked(2) }, start()), Verdict::Stays);
    let by_balance = TierPolicy { fall: Fall::ByBalance, ..policy.clone() };
    assert_eq!(judge(&by_balance, checked(2), start()), Verdict::Falls { to: 0 });
    let grace = TierPolicy { grace_days: 10, ..policy };
    let ends = Verdict::Ends { misses: 3, at: start() + Duration::days(10) };
    assert_eq!(judge(&grace, checked(2), start()), ends);
    assert_eq!(judge_grace(&grace, checked(3)), Verdict::Falls { to: 1 });
    assert_eq!(judge_grace(&grace, Checked { deserved: 3, ..checked(3) }), Verdict::Stays);
}

#[test]
fn the_window_and_the_checks_are_counted_on_the_shops_calendar() {
    let now = at("2026-03-31T00:30:00+08:00");
    assert_eq!(window_from(now, 1, Shanghai), at("2026-02-28T00:30:00+08:00"));
    assert_eq!(window_from(now, 12, Shanghai), at("2025-03-31T00:30:00+08:00"));
    // What is bought now is settled in seven days: too late for the check of April.
    let (check_at, by) = next_check(now, 7, Shanghai);
    assert_eq!((check_at, by), (at("2026-05-01T00:00:00+08:00"), at("2026-04-24T00:00:00+08:00")));
    assert_eq!(next_check(now, 0, Shanghai).0, at("2026-04-01T00:00:00+08:00"));
}

proptest! {
    #[test]
    fn more_spend_never_earns_less(fen in 0..1_000_i64, more in 0..1_000_i64, visits in 0..10_i64) {
        let ladder = [tier(0, None, None), tier(1, Some(100), Some(2)), tier(2, Some(700), None)];
        for need in [Need::Any, Need::All] {
            let less = deserved(&ladder, Sum { fen, visits }, need);
            let after = deserved(&ladder, Sum { fen: fen + more, visits: visits + 1 }, need);
            prop_assert!(after >= less);
        }
    }
}
