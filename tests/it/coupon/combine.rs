//! Which coupons go together and what they take off: the search against every choice there is.

use chrono::{DateTime, Duration, Utc};
use entity::coupon;
use entity::states::{CouponKind, CouponState};
use proptest::prelude::*;
use service::coupon::basket::Line;
use service::coupon::combine::{apply, best, go_together};
use service::coupon::template::TemplateForm;
use service::coupon::{Basket, Conditions, HeldCoupon, Offer};
use service::ids;
use std::sync::Arc;

fn now() -> DateTime<Utc> {
    "2026-03-02T02:00:00Z".parse().unwrap()
}

fn held(form: TemplateForm) -> HeldCoupon {
    let offer: Offer = form.into_offer(ids::next(now()), now(), chrono_tz::Asia::Shanghai).unwrap();
    let coupon = coupon::Model {
        id: ids::next(now()),
        template_id: offer.template.id,
        member_id: ids::next(now()),
        slot: 1,
        code: String::new(),
        state: CouponState::Issued,
        valid_from: now(),
        valid_until: now() + Duration::days(1),
        source: "claim".to_owned(),
        source_id: None,
        claimed_at: now(),
        used_at: None,
        updated_at: now(),
        locked_until: None,
        locked_order_no: None,
    };
    HeldCoupon { coupon, offer: Arc::new(offer) }
}

fn line(category: &str, quantity: i64, price_fen: i64) -> Line {
    Line { product_code: None, category: Some(category.to_owned()), quantity, price_fen }
}

fn of(categories: &[&str]) -> Conditions {
    let categories = categories.iter().map(|name| (*name).to_owned()).collect();
    Conditions { categories, ..Conditions::default() }
}

fn money_off(fen: i64, group: Option<&str>, categories: &[&str]) -> HeldCoupon {
    held(TemplateForm {
        discount_fen: Some(fen),
        stacking_group: group.map(str::to_owned),
        conditions: of(categories),
        ..TemplateForm::new("减", CouponKind::MoneyOff)
    })
}

fn percentage(pay: i32, group: Option<&str>, categories: &[&str]) -> HeldCoupon {
    held(TemplateForm {
        pay_percent: Some(pay),
        stacking_group: group.map(str::to_owned),
        conditions: of(categories),
        ..TemplateForm::new("折", CouponKind::Percentage)
    })
}

/// Every choice of coupons that go together.
fn brute_force(basket: &Basket, coupons: &[HeldCoupon]) -> i64 {
    (0_u32..1 << coupons.len())
        .filter_map(|choice| {
            let chosen: Vec<&HeldCoupon> =
                (0..coupons.len()).filter(|at| choice & (1 << at) != 0).map(|at| &coupons[at]).collect();
            go_together(&chosen).then(|| apply(basket, &chosen).discount_fen())
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn coupons_of_one_group_exclude_each_other_and_one_without_a_group_stands_alone() {
    let (a, b, c) =
        (money_off(1, Some("a"), &[]), money_off(1, Some("a"), &[]), money_off(1, Some("b"), &[]));
    let alone = money_off(1, None, &[]);

    assert!(go_together(&[&a, &c]) && go_together(&[&alone]) && go_together(&[]));
    assert!(!go_together(&[&a, &b]) && !go_together(&[&a, &alone]));
}

#[test]
fn a_percentage_comes_first_and_money_off_takes_from_what_it_left() {
    let basket = Basket { lines: vec![line("茶", 2, 5_000), line("糕点", 1, 3_000)], delivery_fen: 800 };
    let (half, ten) = (percentage(50, Some("a"), &["茶"]), money_off(1_000, Some("b"), &[]));
    let free = held(TemplateForm {
        stacking_group: Some("c".to_owned()),
        ..TemplateForm::new("免运费", CouponKind::FreeDelivery)
    });

    let both = apply(&basket, &[&ten, &free, &half]);

    assert_eq!(both.parts[0].shares, [(0, 5_000)]);
    // 5,000 and 3,000 are left: 1,000 goes off them 625 to 375.
    assert_eq!(both.parts[1].shares, [(0, 625), (1, 375)]);
    assert_eq!((both.parts[2].discount_fen, both.parts[2].shares.len()), (800, 0));
    assert_eq!(both.discount_fen(), 6_800);
}

#[test]
fn an_exchange_brings_one_piece_of_the_dearest_article_down_to_its_price() {
    let basket = Basket {
        lines: vec![line("茶", 2, 1_800), line("茶", 1, 2_500), line("糕点", 1, 9_000)],
        delivery_fen: 0,
    };
    let exchange = held(TemplateForm {
        exchange_price_fen: Some(100),
        conditions: of(&["茶"]),
        ..TemplateForm::new("1元换购", CouponKind::Exchange)
    });

    assert_eq!(apply(&basket, &[&exchange]).parts[0].shares, [(1, 2_400)]);
}

#[test]
fn more_coupons_than_can_be_tried_still_give_the_best_of_each_group() {
    let basket = Basket { lines: (0..50).map(|_| line("茶", 1, 10_000)).collect(), delivery_fen: 0 };
    let coupons: Vec<HeldCoupon> =
        (1..=50).map(|fen| money_off(fen, Some(["a", "b", "c", "d", "e"][fen as usize % 5]), &[])).collect();

    let found = best(&basket, &coupons.iter().collect::<Vec<_>>());

    assert_eq!(found.discount_fen(), 46 + 47 + 48 + 49 + 50);
}

fn any_line() -> impl Strategy<Value = Line> {
    let category = prop::sample::select(vec!["茶", "糕点", "杯子"]);
    (category, 1_i64..4, 0_i64..3_000).prop_map(|(category, quantity, price)| line(category, quantity, price))
}

fn any_coupon() -> impl Strategy<Value = HeldCoupon> {
    let group = prop::sample::select(vec![None, Some("a"), Some("b"), Some("c")]);
    let categories = prop::sample::select(vec![
        vec![],
        vec!["茶"],
        vec!["糕点"],
        vec!["茶", "杯子"],
        vec!["糕点", "杯子"],
    ]);
    (group, categories, 0_u8..3, 1_i64..3_000).prop_map(|(group, categories, kind, amount)| match kind {
        0 => money_off(amount, group, &categories),
        1 => percentage(i32::try_from(amount % 99).unwrap() + 1, group, &categories),
        _ => held(TemplateForm {
            exchange_price_fen: Some(amount / 4),
            stacking_group: group.map(str::to_owned),
            conditions: of(if categories.is_empty() { &["茶"] } else { &categories }),
            ..TemplateForm::new("换购", CouponKind::Exchange)
        }),
    })
}

proptest! {
    #[test]
    fn the_best_choice_is_the_best_of_all_choices(
        lines in prop::collection::vec(any_line(), 1..6), coupons in prop::collection::vec(any_coupon(), 0..9),
    ) {
        let basket = Basket { lines, delivery_fen: 0 };
        let found = best(&basket, &coupons.iter().collect::<Vec<_>>());
        prop_assert_eq!(found.discount_fen(), brute_force(&basket, &coupons));
    }

    #[test]
    fn shares_sum_to_what_is_taken_off_and_no_line_falls_below_nothing(
        lines in prop::collection::vec(any_line(), 1..8), coupons in prop::collection::vec(any_coupon(), 1..5),
    ) {
        let basket = Basket { lines, delivery_fen: 0 };
        let all: Vec<&HeldCoupon> = coupons.iter().collect();
        let together = apply(&basket, &all);
        let mut left: Vec<i64> = basket.lines.iter().map(Line::amount_fen).collect();
        for part in &together.parts {
            prop_assert_eq!(part.discount_fen, part.shares.iter().map(|(_, share)| share).sum::<i64>());
            for (line, share) in &part.shares {
                prop_assert!(*share > 0);
                left[*line] -= share;
            }
        }
        prop_assert!(left.iter().all(|fen| *fen >= 0));
        prop_assert_eq!(basket.goods_fen() - together.discount_fen(), left.iter().sum::<i64>());
    }
}
