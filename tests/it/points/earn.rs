//! What purchases earn: shares, rounding, multipliers, exclusions, and when the points end.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Shanghai;
use proptest::prelude::*;
use service::ids::{PurchaseLineId, StoreId, TierId};
use service::points::earn::{
    Basket, BasketLine, BirthdaySpan, EarnConditions, EarnRule, Effect, Shopper, ShopperTier, earn, half_up,
    kept, share,
};
use service::points::{Combine, Expiry, PointsPolicy};
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn line(number: u128, category: &str, gross_fen: i64) -> BasketLine {
    BasketLine {
        id: Some(PurchaseLineId(Uuid::from_u128(number))),
        product_code: Some(format!("P{number}")),
        category: Some(category.to_owned()),
        gross_fen,
    }
}

fn basket(total_fen: i64, lines: Vec<BasketLine>) -> Basket {
    Basket {
        store_id: StoreId(Uuid::from_u128(1)),
        purchased_at: at("2026-03-02T10:00:00+08:00"),
        total_fen,
        lines,
    }
}

fn rule(name: &str, effect: Effect, when: EarnConditions) -> EarnRule {
    EarnRule { name: name.to_owned(), when, effect }
}

fn policy(rules: Vec<EarnRule>) -> PointsPolicy {
    PointsPolicy { rules, ..PointsPolicy::default() }
}

fn points(policy: &PointsPolicy, basket: &Basket, shopper: &Shopper) -> Vec<i64> {
    earn(policy, basket, shopper, Shanghai).iter().map(|one| one.points).collect()
}

#[test]
fn a_discount_is_shared_by_price_and_points_are_rounded_half_up_once_per_line() {
    // 100.00 for goods of 120.00: 50.00, 33.33 and 16.67; 50, 33 and 17 points.
    let basket = basket(10_000, vec![line(1, "茶", 6_000), line(2, "饼", 4_000), line(3, "水", 2_000)]);
    let earned = earn(&policy(Vec::new()), &basket, &Shopper::default(), Shanghai);

    assert_eq!(earned.iter().map(|one| one.paid_fen).collect::<Vec<_>>(), [5_000, 3_333, 1_667]);
    assert_eq!(earned.iter().map(|one| one.points).collect::<Vec<_>>(), [50, 33, 17]);
    assert_eq!(
        points(&policy(Vec::new()), &self::basket(50, vec![line(1, "茶", 50)]), &Shopper::default()),
        [1]
    );
    assert_eq!(
        points(&policy(Vec::new()), &self::basket(49, vec![line(1, "茶", 49)]), &Shopper::default()),
        [0]
    );
}

#[test]
fn points_are_rounded_once_after_all_multipliers_and_what_a_refund_leaves_is_rounded_the_same_way() {
    let more = policy(vec![rule("一倍半", Effect::Percent(150), EarnConditions::default())]);
    // 0.75 and 1.29 points.
    assert_eq!(points(&more, &basket(50, vec![line(1, "茶", 50)]), &Shopper::default()), [1]);
    assert_eq!(points(&more, &basket(86, vec![line(1, "茶", 86)]), &Shopper::default()), [1]);
    assert_eq!((kept(3, 200, 100), kept(3, 200, 99), kept(3, 0, 0)), (2, 1, 0));
}

#[test]
fn an_excluded_line_earns_nothing_and_says_which_rule_it_was() {
    let tobacco = EarnConditions { categories: vec!["烟酒".to_owned()], ..EarnConditions::default() };
    let double = rule("会员日双倍", Effect::Percent(200), EarnConditions::default());
    let policy = policy(vec![rule("烟酒不积分", Effect::Exclude, tobacco), double]);

    let earned = earn(
        &policy,
        &basket(20_000, vec![line(1, "烟酒", 10_000), line(2, "茶", 10_000)]),
        &Shopper::default(),
        Shanghai,
    );

    assert_eq!((earned[0].points, earned[1].points), (0, 200));
    assert_eq!(
        (earned[0].reasons[0].kind.as_str(), earned[0].reasons[0].name.as_str()),
        ("excluded", "烟酒不积分")
    );
    assert_eq!((earned[1].reasons[0].kind.as_str(), earned[1].reasons[0].percent), ("rule", Some(200)));
}

#[test]
fn a_rule_holds_on_its_days_in_the_shops_zone_and_at_its_stores() {
    // 2026-03-08 00:30 in Shanghai is still the 7th in UTC.
    let member_day = EarnConditions { days_of_month: vec![8], ..EarnConditions::default() };
    let elsewhere = EarnConditions { stores: vec![StoreId(Uuid::from_u128(2))], ..EarnConditions::default() };
    let sunday = EarnConditions { weekdays: vec![7], ..EarnConditions::default() };
    let spring = EarnConditions {
        from: "2026-03-08".parse().ok(),
        until: "2026-03-08".parse().ok(),
        ..EarnConditions::default()
    };
    let large = EarnConditions { least_fen: Some(10_001), ..EarnConditions::default() };
    let cases = [(member_day, 200), (elsewhere, 100), (sunday, 200), (spring, 200), (large, 100)];
    for (when, due) in cases {
        let policy = policy(vec![rule("日", Effect::Percent(200), when.clone())]);
        let basket = Basket {
            purchased_at: at("2026-03-08T00:30:00+08:00"),
            ..basket(10_000, vec![line(1, "茶", 10_000)])
        };
        assert_eq!(points(&policy, &basket, &Shopper::default()), [due], "{when:?}");
    }
}

#[test]
fn of_tier_birthday_and_rules_the_best_counts_or_all_multiply() {
    let tier = ShopperTier {
        id: TierId(Uuid::from_u128(1)),
        name: "金卡".to_owned(),
        points_percent: 150,
        birthday_percent: 300,
    };
    let shopper = Shopper { birthday: NaiveDate::from_ymd_opt(1990, 3, 20), tier: Some(tier) };
    let double = rule("双倍", Effect::Percent(200), EarnConditions::default());
    let basket = basket(10_000, vec![line(1, "茶", 10_000)]);

    let highest = policy(vec![double]);
    let all = PointsPolicy { combine: Combine::Multiply, ..highest.clone() };

    assert_eq!(points(&highest, &basket, &shopper), [300]);
    assert_eq!(points(&all, &basket, &shopper), [900]);
    assert_eq!(points(&highest, &basket, &Shopper { birthday: None, ..shopper.clone() }), [200]);
    assert_eq!(points(&policy(Vec::new()), &basket, &Shopper { birthday: None, ..shopper }), [150]);
}

#[test]
fn who_was_born_on_the_29th_of_february_has_a_birthday_every_year() {
    let day = EarnConditions { birthday: Some(BirthdaySpan::Day), ..EarnConditions::default() };
    let policy = policy(vec![rule("生日", Effect::Percent(500), day)]);
    let shopper = Shopper { birthday: NaiveDate::from_ymd_opt(2000, 2, 29), tier: None };
    let on = |day: &str| Basket { purchased_at: at(day), ..basket(100, vec![line(1, "茶", 100)]) };

    assert_eq!(points(&policy, &on("2026-02-28T12:00:00+08:00"), &shopper), [5]);
    assert_eq!(points(&policy, &on("2028-02-29T12:00:00+08:00"), &shopper), [5]);
    assert_eq!(points(&policy, &on("2028-02-28T12:00:00+08:00"), &shopper), [1]);
}

#[test]
fn points_end_at_midnight_of_the_shop() {
    let earned = at("2026-01-22T18:00:00+08:00");
    let cases = [
        (Expiry::Never, None),
        (Expiry::Days { days: 1 }, Some("2026-01-24T00:00:00+08:00")),
        (Expiry::MonthEnd { after_months: 0 }, Some("2026-02-01T00:00:00+08:00")),
        (Expiry::MonthEnd { after_months: 11 }, Some("2027-01-01T00:00:00+08:00")),
        (Expiry::YearEnd { after_years: 0 }, Some("2027-01-01T00:00:00+08:00")),
        (Expiry::YearEnd { after_years: 1 }, Some("2028-01-01T00:00:00+08:00")),
    ];
    for (expiry, due) in cases {
        assert_eq!(expiry.ends(earned, Shanghai), due.map(at), "{expiry:?}");
    }
    let last_day = at("2026-01-31T23:59:59+08:00");
    assert_eq!(
        Expiry::MonthEnd { after_months: 0 }.ends(last_day, Shanghai),
        Some(at("2026-02-01T00:00:00+08:00"))
    );
}

proptest! {
    #[test]
    fn shares_sum_to_the_total_and_none_is_more_than_a_fen_off(
        total in 0..1_000_000_000_i64, weights in prop::collection::vec(0..1_000_000_i64, 1..50),
    ) {
        let shares = share(total, &weights);
        prop_assert_eq!(shares.iter().sum::<i64>(), total);
        let sum: i64 = weights.iter().sum();
        if sum > 0 {
            for (share, weight) in shares.iter().zip(&weights) {
                let exact = i128::from(total) * i128::from(*weight) / i128::from(sum);
                prop_assert!((i128::from(*share) - exact).abs() <= 1);
            }
        }
    }

    #[test]
    fn refunds_in_pieces_take_back_what_one_refund_takes(points in 0..100_000_i64, paid in 1..1_000_000_i64, cut in 0..1_000_000_i64) {
        let cut = cut.min(paid);
        let first = points - kept(points, paid, paid - cut);
        let second = kept(points, paid, paid - cut) - kept(points, paid, 0);
        prop_assert_eq!(first + second, points);
        prop_assert!(first >= 0 && second >= 0);
    }

    #[test]
    fn half_up_is_within_half(number in 0..1_000_000_i64, by in 0..1_000_i64, of in 1..1_000_i64) {
        let rounded = i128::from(half_up(number, by, of));
        let (exact, of) = (i128::from(number) * i128::from(by), i128::from(of));
        prop_assert!(2 * (rounded * of - exact) <= of && 2 * (exact - rounded * of) < of);
    }
}
