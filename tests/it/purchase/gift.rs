//! A coupon with an order: given by the step that is reached, voided or valued when the order no longer reaches it.

use entity::member;
use entity::states::CouponState;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::coupon::template::TemplateForm;
use service::coupon::{Basket, RedeemCoupon, accept_coupon, lock_coupon, offer_coupon, redeem_coupon};
use service::ids::{CouponId, CouponTemplateId};
use service::order_gift::{OrderGiftStep, OrderGifts, save_order_gifts};
use service::purchase::{
    Asked, Customer, RecordPurchase, RecordedPurchase, RefundPurchase, Refunded, record_purchase,
    refund_purchase,
};

use crate::coupon::shop::{Shop, money_off};
use crate::stamp::purchase::card;

/// Ten yuan off from an order of a hundred on; what is given from three hundred on takes fifty off.
async fn open() -> (Shop, CouponTemplateId, CouponTemplateId) {
    let shop = Shop::open().await;
    let of = |discount_fen| TemplateForm {
        threshold_fen: 0,
        discount_fen: Some(discount_fen),
        limit_per_member: 3,
        claimable: false,
        ..money_off()
    };
    let (small, large) = (shop.template(of(1_000)).await, shop.template(of(5_000)).await);
    set(&shop, &[(10_000, small), (30_000, large)]).await;
    (shop, small, large)
}

async fn set(shop: &Shop, steps: &[(i64, CouponTemplateId)]) {
    let step = |&(threshold_fen, coupon_template_id): &(i64, CouponTemplateId)| OrderGiftStep {
        threshold_fen,
        coupon_template_id,
    };
    let gifts = OrderGifts { steps: steps.iter().map(step).collect() };
    save_order_gifts(shop.ctx(), &shop.owner, gifts).await.unwrap();
}

async fn buy(shop: &Shop, member: &member::Model, order_no: &str, total_fen: i64) -> RecordedPurchase {
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(member.card_number.clone()),
        order_no: order_no.to_owned(),
        total_fen,
        purchased_at: None,
        lines: Vec::new(),
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap()
}

async fn give_back(shop: &Shop, bought: &RecordedPurchase, refund_no: &str, asked: Asked) -> Refunded {
    let command = RefundPurchase {
        purchase_id: bought.purchase.id,
        refund_no: refund_no.to_owned(),
        asked,
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, command).await.unwrap()
}

async fn spend(shop: &Shop, member: &member::Model, coupon_id: CouponId, amount_fen: i64) {
    let scan = shop.scan(member).await;
    let redemption =
        RedeemCoupon { basket: Basket::of_amount(amount_fen), ..shop.redemption(scan, coupon_id, "Q1") };
    redeem_coupon(shop.ctx(), &shop.cashier, redemption).await.unwrap();
}

fn coupon_of(bought: &RecordedPurchase) -> CouponId {
    bought.gift.as_ref().and_then(|gift| gift.row.coupon_id).unwrap()
}

async fn outcomes(shop: &Shop) -> Value {
    let owner = shop.owner_token().await;
    shop.app.get("/v1/console/order-gifts").with_bearer(&owner).await.expect(200)["outcomes"].clone()
}

#[tokio::test]
async fn the_highest_step_that_an_order_reaches_gives_its_coupon_once() {
    let (shop, small, large) = open().await;
    let member = shop.member().await;

    assert_eq!(buy(&shop, &member, "O1", 9_999).await.gift, None);
    let second = buy(&shop, &member, "O2", 29_999).await;
    let third = buy(&shop, &member, "O3", 30_000).await;
    let again = buy(&shop, &member, "O3", 30_000).await;

    assert_eq!((shop.copies_of(small).await.len(), shop.copies_of(large).await.len()), (1, 1));
    assert_eq!(coupon_of(&second), shop.copies_of(small).await[0].id);
    assert_eq!((coupon_of(&third), third.gift), (coupon_of(&again), again.gift));
    let token = shop.token_of(member.id).await;
    let mine = shop.app.get("/v1/me/purchases").with_bearer(&token).await.expect(200);
    assert_eq!(mine["items"][0]["gift"]["threshold_fen"], 30_000);
    assert_eq!(
        (mine["items"][0]["gift"]["name"].clone(), mine["items"][2]["gift"].clone()),
        (json!("满100减20"), Value::Null)
    );
}

#[tokio::test]
async fn what_is_left_of_the_order_must_still_reach_the_step_else_the_gift_is_void() {
    let (shop, _, large) = open().await;
    let member = shop.member().await;
    let bought = buy(&shop, &member, "O1", 35_000).await;

    let first = give_back(&shop, &bought, "R1", Asked::Amount(5_000)).await;
    assert_eq!(shop.read_coupon(coupon_of(&bought)).await.state, CouponState::Issued);
    let second = give_back(&shop, &bought, "R2", Asked::Amount(1)).await;
    let rest = give_back(&shop, &bought, "R3", Asked::All).await;

    assert_eq!(shop.read_coupon(coupon_of(&bought)).await.state, CouponState::Voided);
    assert_eq!([first, second, rest].map(|refunded| refunded.refund.gift_fen), [0, 0, 0]);
    assert_eq!(shop.read_template(large).await.taken, 1, "what was handed out is not for others");
    assert_eq!(outcomes(&shop).await, json!({ "voided": 1 }));
}

#[tokio::test]
async fn the_value_of_a_gift_that_was_used_is_kept_back_once() {
    let (shop, ..) = open().await;
    let member = shop.member().await;
    let bought = buy(&shop, &member, "O1", 35_000).await;
    spend(&shop, &member, coupon_of(&bought), 8_000).await;

    let first = give_back(&shop, &bought, "R1", Asked::Amount(20_000)).await;
    let repeated = give_back(&shop, &bought, "R1", Asked::Amount(20_000)).await;
    let rest = give_back(&shop, &bought, "R2", Asked::All).await;

    assert_eq!((first.refund.gift_fen, first.payable_fen()), (5_000, 15_000));
    assert_eq!(first, repeated);
    assert_eq!((rest.refund.gift_fen, rest.payable_fen()), (0, 15_000));
    assert_eq!(shop.read_coupon(coupon_of(&bought)).await.state, CouponState::Used);
    assert_eq!(outcomes(&shop).await, json!({ "valued": 1 }));
}

#[tokio::test]
async fn no_more_is_kept_back_than_there_is_to_pay_out() {
    let (shop, small, _) = open().await;
    set(&shop, &[(500, small)]).await;
    let member = shop.member().await;
    let bought = buy(&shop, &member, "O1", 600).await;
    spend(&shop, &member, coupon_of(&bought), 8_000).await;

    let refunded = give_back(&shop, &bought, "R1", Asked::All).await;

    assert_eq!((refunded.refund.gift_fen, refunded.payable_fen()), (600, 0));
}

#[tokio::test]
async fn a_gift_that_is_locked_for_an_order_is_taken_out_of_it() {
    let (shop, ..) = open().await;
    let member = shop.member().await;
    let bought = buy(&shop, &member, "O1", 10_000).await;
    lock_coupon(shop.ctx(), member.id, coupon_of(&bought), "W1").await.unwrap();

    give_back(&shop, &bought, "R1", Asked::All).await;

    assert_eq!(shop.read_coupon(coupon_of(&bought)).await.state, CouponState::Voided);
    let moves = shop.moves_of(coupon_of(&bought)).await;
    assert_eq!(moves, [CouponState::Issued, CouponState::Locked, CouponState::Issued, CouponState::Voided]);
}

async fn pass_on(shop: &Shop, giver: &member::Model, friend: &member::Model, id: CouponId) -> CouponId {
    let link = offer_coupon(shop.ctx(), giver.id, id).await.unwrap();
    accept_coupon(shop.ctx(), friend.id, &link.token).await.unwrap().coupon.id
}

#[tokio::test]
async fn a_gift_that_was_passed_on_goes_back_with_its_order_or_its_value_is_kept_back() {
    let (shop, ..) = open().await;
    let form = TemplateForm { transferable: true, limit_per_member: 3, threshold_fen: 0, ..money_off() };
    let template = shop.template(form).await;
    set(&shop, &[(10_000, template)]).await;
    let [giver, friend, third] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    let first = buy(&shop, &giver, "O1", 10_000).await;
    let second = buy(&shop, &giver, "O2", 10_000).await;
    let held = pass_on(&shop, &giver, &friend, coupon_of(&first)).await;
    let held = pass_on(&shop, &friend, &third, held).await;
    lock_coupon(shop.ctx(), third.id, held, "W1").await.unwrap();
    let used = pass_on(&shop, &giver, &friend, coupon_of(&second)).await;
    spend(&shop, &friend, used, 8_000).await;

    let of_unused = give_back(&shop, &first, "R1", Asked::All).await;
    let of_used = give_back(&shop, &second, "R2", Asked::All).await;

    assert_eq!(shop.read_coupon(held).await.state, CouponState::Voided);
    assert_eq!(shop.read_coupon(used).await.state, CouponState::Used);
    assert_eq!([of_unused, of_used].map(|refunded| refunded.refund.gift_fen), [0, 2_000]);
    assert_eq!(outcomes(&shop).await, json!({ "valued": 1, "voided": 1 }));
}

#[tokio::test]
async fn a_gift_that_cant_be_given_undoes_nothing_and_says_why() {
    let (shop, ..) = open().await;
    let member = shop.member().await;
    for number in 0..3 {
        buy(&shop, &member, &format!("O{number}"), 10_000).await;
    }

    let fourth = buy(&shop, &member, "O4", 10_000).await;
    let gift = fourth.gift.clone().unwrap();

    assert_eq!((gift.row.outcome.as_str(), gift.row.coupon_id), ("coupon_limit_reached", None));
    assert_eq!(give_back(&shop, &fourth, "R4", Asked::All).await.refund.gift_fen, 0);
    assert_eq!(outcomes(&shop).await, json!({ "given": 3, "coupon_limit_reached": 1 }));
}

#[tokio::test]
async fn orders_that_fill_stamp_cards_and_earn_gifts_at_once_wait_for_nobody_in_a_circle() {
    let (shop, small, large) = open().await;
    card(&shop, |form| (form.stamps, form.per_purchase, form.reward_template_id) = (1, 1, small)).await;
    card(&shop, |form| (form.stamps, form.per_purchase, form.reward_template_id) = (1, 1, large)).await;
    let members = shop.members(20).await;

    let totals = [10_000, 30_000];
    let orders: Vec<_> =
        members.iter().enumerate().map(|(at, member)| (format!("O{at}"), member, totals[at % 2])).collect();
    let bought = join_all(orders.iter().map(|(no, member, total)| buy(&shop, member, no, *total))).await;

    assert!(bought.iter().all(|one| one.gift.as_ref().is_some_and(|gift| gift.row.outcome == "given")));
    assert_eq!(shop.copies_of(small).await.len() + shop.copies_of(large).await.len(), 60);
}

#[tokio::test]
async fn steps_name_a_template_and_an_amount_of_their_own() {
    let (shop, small, _) = open().await;
    let owner = shop.owner_token().await;
    let put =
        |steps: Value| shop.app.put("/v1/console/order-gifts", json!({ "steps": steps })).with_bearer(&owner);
    let step = |fen: i64| json!({ "threshold_fen": fen, "coupon_template_id": small });

    put(json!([step(0)])).await.expect_invalid("steps[0].threshold_fen");
    put(json!([step(100), step(100)])).await.expect_invalid("steps[1].threshold_fen");
    let unknown = json!({ "threshold_fen": 1, "coupon_template_id": "019b0000-0000-7000-8000-000000000009" });
    put(json!([unknown])).await.expect_invalid("steps[0].coupon_template_id");
    put((1..=11).map(step).collect()).await.expect_invalid("steps");
    let saved = put(json!([step(100)])).await.expect(200);
    assert_eq!(saved["steps"], json!([step(100)]));
    let audit =
        shop.app.get("/v1/console/audit?action=order_gifts.save").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"][0]["detail"]["after"]["steps"], json!([step(100)]));
}
