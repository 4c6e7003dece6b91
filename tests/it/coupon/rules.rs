//! The pure rules: tables and properties.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use entity::states::{CouponKind, CouponState, SalesChannel, Validity};
use entity::{coupon, coupon_template};
use proptest::prelude::*;
use service::Refusal;
use service::coupon::rules::{Usage, check, discount_fen, free_slot, is_past, past_ends, validity};
use service::coupon::template::Moment;
use service::coupon::{Basket, Conditions, Offer};
use service::ids::{self, MemberId, StoreId};

use super::shop::money_off;

const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn template() -> coupon_template::Model {
    let now = at("2026-03-02T02:00:00Z");
    money_off().into_offer(ids::next(now), now, SHANGHAI).unwrap().template
}

fn percentage(pay_percent: i32, ceiling: Option<i64>) -> coupon_template::Model {
    let (kind, pay_percent) = (CouponKind::Percentage, Some(pay_percent));
    coupon_template::Model { kind, pay_percent, discount_ceiling_fen: ceiling, ..template() }
}

#[test]
fn a_percentage_rounds_what_the_customer_pays_half_up() {
    let table =
        [(100, 85, 15), (999, 85, 150), (50, 85, 7), (1, 50, 0), (3, 50, 1), (10_001, 99, 100), (0, 85, 0)];
    for (amount, pay, discount) in table {
        assert_eq!(discount_fen(&percentage(pay, None), amount), discount, "{amount} at {pay} %");
    }
}

#[test]
fn a_ceiling_bounds_a_percentage_and_a_gift_takes_off_nothing() {
    assert_eq!(discount_fen(&percentage(50, Some(3_000)), 10_000), 3_000);
    assert_eq!(discount_fen(&percentage(50, Some(3_000)), 5_000), 2_500);
    let gift = coupon_template::Model { kind: CouponKind::Gift, discount_fen: None, ..template() };
    assert_eq!(discount_fen(&gift, 10_000), 0);
}

proptest! {
    #[test]
    fn a_discount_is_never_negative_and_never_above_the_amount(
        amount in 0_i64..=1_000_000_000, off in 1_i64..=1_000_000_000, pay in 1_i32..=99,
        ceiling in proptest::option::of(1_i64..=1_000_000_000),
    ) {
        let money = coupon_template::Model { discount_fen: Some(off), ..template() };
        for template in [money, percentage(pay, ceiling)] {
            let discount = discount_fen(&template, amount);
            prop_assert!((0..=amount).contains(&discount));
        }
    }

    #[test]
    fn what_a_percentage_leaves_to_pay_is_within_half_a_fen(amount in 0_i64..=1_000_000_000, pay in 1_i32..=99) {
        let payable = amount - discount_fen(&percentage(pay, None), amount);
        let error = (payable * 100 - amount * i64::from(pay)).abs();
        prop_assert!(error <= 50);
    }

    #[test]
    fn a_dearer_order_never_pays_less(amount in 0_i64..=100_000_000, more in 0_i64..=1_000, pay in 1_i32..=99) {
        let template = percentage(pay, Some(5_000));
        let payable = |amount| amount - discount_fen(&template, amount);
        prop_assert!(payable(amount + more) >= payable(amount));
    }

    #[test]
    fn the_query_bound_of_past_ends_agrees_with_the_rule(offset in -5_000_i64..5_000) {
        let now = at("2026-03-02T02:00:00.5Z");
        let end = now + Duration::milliseconds(offset);
        prop_assert_eq!(is_past(end, now), end <= past_ends(now));
    }

    #[test]
    fn a_free_slot_is_within_the_limit_and_not_held(held in proptest::collection::vec(-5_i32..12, 0..12), limit in 1_i32..10) {
        match free_slot(&held, limit) {
            Some(slot) => prop_assert!((1..=limit).contains(&slot) && !held.contains(&slot)),
            None => prop_assert!((1..=limit).all(|slot| held.contains(&slot))),
        }
    }
}

#[test]
fn the_last_second_of_an_end_still_counts() {
    let end = at("2026-03-31T15:59:59Z");
    assert!(!is_past(end, at("2026-03-31T15:59:59.999Z")));
    assert!(is_past(end, at("2026-03-31T16:00:00Z")));
}

#[test]
fn a_date_is_the_whole_day_of_the_shop() {
    let day = Moment::try_from("2026-03-31".to_owned()).unwrap();
    assert_eq!(day.beginning(SHANGHAI), at("2026-03-31T00:00:00+08:00"));
    assert_eq!(day.end(SHANGHAI), at("2026-03-31T23:59:59+08:00"));
}

#[test]
fn a_relative_validity_ends_with_the_shops_day() {
    let template = coupon_template::Model { valid_days: Some(7), validity: Validity::Relative, ..template() };
    // 23:30 in Shanghai on the 2nd.
    let now = at("2026-03-02T15:30:00Z");
    assert_eq!(validity(&template, now, SHANGHAI), (now, at("2026-03-09T15:59:59Z")));
}

#[test]
fn a_delayed_validity_begins_with_a_later_day_of_the_shop() {
    let template = coupon_template::Model {
        valid_days: Some(7),
        starts_after_days: Some(2),
        validity: Validity::Relative,
        ..template()
    };
    let now = at("2026-03-02T15:30:00Z");
    let expected = (at("2026-03-03T16:00:00Z"), at("2026-03-11T15:59:59Z"));
    assert_eq!(validity(&template, now, SHANGHAI), expected);
}

#[test]
fn each_reason_against_a_use_has_its_own_refusal() {
    let now = at("2026-03-02T02:00:00Z");
    let (owner, stranger): (MemberId, MemberId) = (ids::next(now), ids::next(now));
    let (store, elsewhere): (StoreId, StoreId) = (ids::next(now), ids::next(now));
    let offer = Offer {
        template: coupon_template::Model { all_stores: false, ..template() },
        store_ids: vec![store],
        conditions: Conditions::default(),
    };
    let good = coupon::Model {
        id: ids::next(now),
        template_id: offer.template.id,
        member_id: owner,
        slot: 1,
        code: "ABC".to_owned(),
        state: CouponState::Issued,
        valid_from: now,
        valid_until: now + Duration::days(1),
        source: "claim".to_owned(),
        source_id: None,
        claimed_at: now,
        used_at: None,
        updated_at: now,
        locked_until: None,
        locked_order_no: None,
    };
    let (enough, small) = (Basket::of_amount(10_000), Basket::of_amount(9_999));
    let usage = Usage {
        member_id: owner,
        store_id: store,
        channel: SalesChannel::Store,
        zone: SHANGHAI,
        now,
        is_first_order: true,
        order_no: None,
        basket: Some(&enough),
    };
    let in_state = |state| coupon::Model { state, ..good.clone() };
    let locked = coupon::Model {
        locked_until: Some(now + Duration::minutes(15)),
        locked_order_no: Some("O1".to_owned()),
        ..in_state(CouponState::Locked)
    };

    assert_eq!(check(&good, &offer, usage), Ok(()));
    assert_eq!(check(&good, &offer, Usage { basket: None, ..usage }), Ok(()));
    let table = [
        (good.clone(), Usage { member_id: stranger, ..usage }, Refusal::CouponNotOwned),
        (in_state(CouponState::Voided), usage, Refusal::CouponVoided),
        (in_state(CouponState::Used), usage, Refusal::CouponAlreadyRedeemed),
        (locked.clone(), usage, Refusal::CouponLocked),
        (locked.clone(), Usage { order_no: Some("O2"), ..usage }, Refusal::CouponLocked),
        (in_state(CouponState::Expired), usage, Refusal::CouponExpired),
        (good.clone(), Usage { now: now + Duration::days(2), ..usage }, Refusal::CouponExpired),
        (good.clone(), Usage { now: now - Duration::seconds(1), ..usage }, Refusal::CouponNotYetValid),
        (good.clone(), Usage { store_id: elsewhere, ..usage }, Refusal::CouponWrongStore),
        (good.clone(), Usage { basket: Some(&small), ..usage }, Refusal::CouponThresholdNotMet),
    ];
    for (coupon, usage, refusal) in table {
        assert_eq!(check(&coupon, &offer, usage).map_err(|why| why.reason), Err(refusal));
    }
    // The lock's own order may, also past the coupon's end; a lock that has ended is none.
    let late = Usage { now: now + Duration::days(2), order_no: Some("O1"), ..usage };
    let long = coupon::Model { locked_until: Some(now + Duration::days(3)), ..locked.clone() };
    assert_eq!(check(&locked, &offer, Usage { order_no: Some("O1"), ..usage }), Ok(()));
    assert_eq!(check(&long, &offer, late), Ok(()));
    assert_eq!(check(&locked, &offer, Usage { now: now + Duration::minutes(15), ..usage }), Ok(()));
}
