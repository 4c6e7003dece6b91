//! Reversals: once, by the store's staff, back to issued or straight to expired.

use chrono::Duration;
use entity::states::{CouponState, StaffRole};
use futures_util::future::join_all;
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{Conditions, Receipt, claim, redeem_coupon, reverse_redemption};
use service::ids::{CouponId, RedemptionId};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

async fn redeemed(shop: &Shop) -> (entity::member::Model, Receipt) {
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    let command = shop.redemption(scan, held.coupon.id, "R1");
    (member, redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap().receipt)
}

/// Two coupons of one member, each for a first order.
async fn holder_of_two_for_a_first_order(shop: &Shop) -> (entity::member::Model, [CouponId; 2]) {
    let first_order = || TemplateForm {
        conditions: Conditions { first_order: true, ..Conditions::default() },
        ..money_off()
    };
    let (member, held) = shop.holder_of(first_order()).await;
    let other = claim(shop.ctx(), &member, shop.template(first_order()).await).await.unwrap();
    (member, [held.coupon.id, other.coupon.id])
}

async fn reverse(shop: &Shop, id: RedemptionId, reason: &str) -> Result<Receipt, Error> {
    reverse_redemption(shop.ctx(), &shop.cashier, id, reason).await
}

#[tokio::test]
async fn a_reversed_redemption_stays_on_record_and_the_coupon_can_be_used_again() {
    let shop = Shop::open().await;
    let (member, receipt) = redeemed(&shop).await;
    let till = shop.staff_token(StaffRole::StoreManager, Some(shop.store)).await;

    let path = format!("/v1/staff/redemptions/{}/reversal", receipt.redemption.id);
    let send = || shop.app.post(&path, json!({ "reason": "退单" })).with_bearer(&till);
    let reversed = send().await.expect(200);
    let again = send().await.expect(200);
    let other = shop.app.post(&path, json!({ "reason": "另一个原因" })).with_bearer(&till).await;
    let scan = shop.scan(&member).await;
    let command = shop.redemption(scan, receipt.held.coupon.id, "R2");
    redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap();

    assert_eq!(reversed["coupon"]["state"], "issued");
    assert!(reversed["reversed_at"].is_string());
    assert_eq!(reversed, again);
    other.expect_refusal("redemption_already_reversed");
    assert_eq!(shop.live_redemptions(receipt.held.coupon.id).await, 1);
    use CouponState::{Issued, Used};
    assert_eq!(shop.moves_of(receipt.held.coupon.id).await, [Issued, Used, Issued, Used]);
}

#[tokio::test]
async fn many_reversals_at_once_return_the_coupon_once() {
    let shop = Shop::open().await;
    let (_, receipt) = redeemed(&shop).await;

    let tries = (0..8).map(|_| reverse(&shop, receipt.redemption.id, "退单"));
    let answers = join_all(tries).await;

    assert!(answers.iter().all(Result::is_ok));
    use CouponState::{Issued, Used};
    assert_eq!(shop.moves_of(receipt.held.coupon.id).await, [Issued, Used, Issued]);
}

#[tokio::test]
async fn a_coupon_whose_time_has_passed_goes_back_as_expired() {
    let shop = Shop::open().await;
    let (_, receipt) = redeemed(&shop).await;

    shop.app.clock.advance(Duration::days(31));
    let reversed = reverse_redemption(shop.ctx(), &shop.owner, receipt.redemption.id, "退单").await.unwrap();

    assert_eq!(reversed.held.coupon.state, CouponState::Expired);
}

#[tokio::test]
async fn staff_of_another_store_can_not_reverse() {
    let shop = Shop::open().await;
    let (_, receipt) = redeemed(&shop).await;
    let elsewhere = shop.add_store("S2").await;

    let tried =
        reverse_redemption(shop.ctx(), &shop.cashier_of(elsewhere), receipt.redemption.id, "退单").await;

    assert!(matches!(tried, Err(Error::Refused(Refusal::StoreNotPermitted))));
    assert_eq!(shop.read_coupon(receipt.held.coupon.id).await.state, CouponState::Used);
}

#[tokio::test]
async fn a_reversal_without_a_reason_is_invalid() {
    let shop = Shop::open().await;
    let (_, receipt) = redeemed(&shop).await;
    let till = shop.cashier_token().await;

    let path = format!("/v1/staff/redemptions/{}/reversal", receipt.redemption.id);
    let answer = shop.app.post(&path, json!({ "reason": " " })).with_bearer(&till).await;

    answer.expect_invalid("reason");
}

#[tokio::test]
async fn who_redeemed_may_undo_for_ten_minutes_another_cashier_never_and_a_manager_always() {
    let shop = Shop::open().await;
    let (_, receipt) = redeemed(&shop).await;
    let id = receipt.redemption.id;
    let colleague = shop.cashier_of(shop.store);

    let by_colleague = reverse_redemption(shop.ctx(), &colleague, id, "退单").await;
    shop.app.clock.advance(Duration::seconds(601));
    let late = reverse(&shop, id, "退单").await;
    let by_manager = reverse_redemption(shop.ctx(), &shop.owner, id, "退单").await;

    assert_eq!(by_colleague.unwrap_err().refusal(), Some(Refusal::ReversalNeedsManager));
    assert_eq!(late.unwrap_err().refusal(), Some(Refusal::ReversalNeedsManager));
    assert_eq!(by_manager.unwrap().held.coupon.state, CouponState::Issued);
}

#[tokio::test]
async fn a_first_order_that_was_taken_back_is_none() {
    let shop = Shop::open().await;
    let (member, [coupon, other]) = holder_of_two_for_a_first_order(&shop).await;
    let redeem = async |coupon_id, request_no: &str| {
        let scan = shop.scan(&member).await;
        redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, coupon_id, request_no)).await
    };
    let first = redeem(coupon, "R1").await.unwrap().receipt;

    let second = redeem(other, "R2").await;
    reverse(&shop, first.redemption.id, "退单").await.unwrap();
    let instead = redeem(other, "R3").await;

    assert!(matches!(second, Err(Error::Refused(Refusal::CouponFirstOrderOnly))));
    assert!(instead.is_ok());
}

#[tokio::test]
async fn of_two_first_orders_at_once_in_two_processes_one_is_the_first() {
    let shop = Shop::open().await;
    let (member, [coupon, other]) = holder_of_two_for_a_first_order(&shop).await;
    let scan = shop.scan(&member).await;
    let processes = [shop.ctx().clone(), shop.another_process()];
    join_all(processes.iter().map(|process| process.db.ping())).await;

    let orders = [(&processes[0], coupon, "R1"), (&processes[1], other, "R2")];
    let tries = orders.map(|(process, coupon_id, request_no)| {
        redeem_coupon(process, &shop.cashier, shop.redemption(scan, coupon_id, request_no))
    });
    let done = join_all(tries).await;

    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    assert_eq!(shop.live_redemptions(coupon).await + shop.live_redemptions(other).await, 1);
}
