//! Refunds of an order: all of it returns its coupons, part of it does what each coupon's rule says.

use chrono::Duration;
use entity::states::{CouponState, PartialRefund};
use entity::{coupon_event, redemption};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use service::coupon::basket::Line;
use service::coupon::template::TemplateForm;
use service::coupon::{
    Basket, HeldCoupon, PartlyReturned, RedeemCoupon, ReturnedLine, claim, redeem_coupon, return_of_lines,
    return_of_order, reverse_redemption,
};

use super::shop::{Shop, money_off};

/// A coupon of 20 yuan over a line of two pieces at 75 yuan and one of 50.
async fn ordered(shop: &Shop, partial_refund: PartialRefund) -> HeldCoupon {
    ordered_with(shop, TemplateForm { partial_refund, ..money_off() }).await
}

async fn ordered_with(shop: &Shop, form: TemplateForm) -> HeldCoupon {
    let (member, held) = shop.holder_of(form).await;
    let scan = shop.scan(&member).await;
    let line = |quantity, price_fen| Line { quantity, price_fen, ..Line::default() };
    let command = RedeemCoupon {
        order_no: Some("O1".to_owned()),
        basket: Basket { lines: vec![line(2, 7_500), line(1, 5_000)], delivery_fen: 0 },
        ..shop.redemption(scan, held.coupon.id, "R1")
    };
    redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap().receipt.held
}

/// One more of the two pieces comes back.
async fn one_piece(shop: &Shop, before: i64) -> PartlyReturned {
    let piece = ReturnedLine { line: 0, quantity: 1, before, bought: 2 };
    let txn = shop.ctx().db.begin().await.unwrap();
    let outcome = return_of_lines(shop.ctx(), &txn, (shop.store, "O1"), &[piece]).await.unwrap();
    txn.commit().await.unwrap();
    outcome
}

#[tokio::test]
async fn a_whole_refund_returns_the_coupon_once() {
    let shop = Shop::open().await;
    let held = ordered(&shop, PartialRefund::Keep).await;

    let mut returned = Vec::new();
    for _ in 0..2 {
        let txn = shop.ctx().db.begin().await.unwrap();
        let order = (shop.store, "O1");
        returned.push(return_of_order(shop.ctx(), &txn, &shop.cashier, order, "退货").await.unwrap());
        txn.commit().await.unwrap();
    }

    assert_eq!(returned, [vec![held.coupon.id], Vec::new()]);
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
    assert_eq!(shop.live_redemptions(held.coupon.id).await, 0);
}

#[tokio::test]
async fn a_partial_refund_keeps_the_coupon_used_and_by_its_rule_pays_the_share_out() {
    let shop = Shop::open().await;
    let held = ordered(&shop, PartialRefund::GiveBackShare).await;

    let (first, second) = (one_piece(&shop, 0).await, one_piece(&shop, 1).await);

    // 2,000 over 15,000 and 5,000: 1,500 for the two pieces.
    assert_eq!((first.given_back_fen, second.given_back_fen), (750, 750));
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Used);
}

#[tokio::test]
async fn what_is_paid_out_for_the_pieces_sums_to_what_was_taken_off_them() {
    let shop = Shop::open().await;
    let partial_refund = PartialRefund::GiveBackShare;
    ordered_with(&shop, TemplateForm { partial_refund, discount_fen: Some(2_004), ..money_off() }).await;

    let (first, second) = (one_piece(&shop, 0).await, one_piece(&shop, 1).await);

    // 1,503 for the two pieces.
    assert_eq!((first.given_back_fen, second.given_back_fen), (751, 752));
}

#[tokio::test]
async fn of_a_redemption_that_was_taken_back_no_share_is_paid_out() {
    let shop = Shop::open().await;
    let held = ordered(&shop, PartialRefund::GiveBackShare).await;
    let done = redemption::Entity::find().one(shop.ctx().db.read()).await.unwrap().unwrap();
    reverse_redemption(shop.ctx(), &shop.owner, done.id, "退单").await.unwrap();

    assert_eq!(one_piece(&shop, 0).await, PartlyReturned::default());
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn a_coupon_that_is_given_anew_is_given_once_for_an_order() {
    let shop = Shop::open().await;
    let held = ordered(&shop, PartialRefund::Reissue).await;

    let (first, second) = (one_piece(&shop, 0).await, one_piece(&shop, 1).await);

    assert_eq!((first.reissued.len(), first.given_back_fen), (1, 0));
    assert_eq!(first.reissued, second.reissued);
    let copy = shop.read_coupon(first.reissued[0]).await;
    assert_eq!((copy.state, copy.valid_until), (CouponState::Issued, held.coupon.valid_until));
    assert_eq!(shop.read_template(held.coupon.template_id).await.taken, 1);
}

#[tokio::test]
async fn a_coupon_that_is_kept_pays_nothing_out() {
    let shop = Shop::open().await;
    ordered(&shop, PartialRefund::Keep).await;

    assert_eq!(one_piece(&shop, 0).await, PartlyReturned::default());
}

#[tokio::test]
async fn what_was_applied_last_goes_back_first() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let scan = shop.scan(&member).await;
    let mut requests = Vec::new();
    for (number, groups) in [["a", "b"], ["c", "d"]].iter().enumerate() {
        let mut coupon_ids = Vec::new();
        for group in groups {
            let form = TemplateForm { stacking_group: Some((*group).to_owned()), ..money_off() };
            coupon_ids.push(claim(shop.ctx(), &member, shop.template(form).await).await.unwrap().coupon.id);
        }
        let command = RedeemCoupon {
            order_no: Some("O1".to_owned()),
            coupon_ids: coupon_ids.clone(),
            ..shop.redemption(scan, coupon_ids[0], &format!("R{number}"))
        };
        let receipt = redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap().receipt;
        requests.push(receipt.parts().map(|(redemption, _)| redemption.coupon_id).collect::<Vec<_>>());
        shop.app.clock.advance(Duration::seconds(1));
    }

    let txn = shop.ctx().db.begin().await.unwrap();
    let returned =
        return_of_order(shop.ctx(), &txn, &shop.cashier, (shop.store, "O1"), "退货").await.unwrap();
    txn.commit().await.unwrap();

    let last_first: Vec<_> = requests.concat().into_iter().rev().collect();
    assert_eq!(returned, last_first);
    let moved_back = coupon_event::Entity::find()
        .filter(coupon_event::Column::FromState.eq(CouponState::Used))
        .order_by_asc(coupon_event::Column::Id)
        .all(shop.ctx().db.read());
    let moved_back: Vec<_> = moved_back.await.unwrap().into_iter().map(|event| event.coupon_id).collect();
    assert_eq!(moved_back, last_first);
}
