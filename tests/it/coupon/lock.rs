//! Coupons that are kept for an order of the online shop: by one order, for a time, used by that order alone.

use chrono::Duration;
use entity::coupon;
use entity::states::CouponState;
use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, EntityTrait};
use serde_json::json;
use service::coupon::{
    Basket, IssueOrder, Proof, RedeemCoupon, expire, issue, lock_coupon, redeem_coupon, release_locks,
    unlock_coupon,
};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

fn of_order(shop: &Shop, coupon: service::ids::CouponId, order_no: &str) -> RedeemCoupon {
    RedeemCoupon {
        store_id: shop.store,
        proof: Proof::Lock,
        coupon_ids: vec![coupon],
        request_no: format!("web-{order_no}"),
        order_no: Some(order_no.to_owned()),
        basket: Basket::of_amount(20_000),
        quoted_fen: None,
    }
}

#[tokio::test]
async fn a_locked_coupon_is_used_by_its_order_and_by_no_other() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let token = shop.token_of(member.id).await;
    let path = format!("/v1/me/coupons/{}/lock", held.coupon.id);

    let locked = shop.app.put(&path, json!({ "order_no": "W1" })).with_bearer(&token).await.expect(200);
    shop.app
        .put(&path, json!({ "order_no": "W2" }))
        .with_bearer(&token)
        .await
        .expect_refusal("coupon_locked");
    let scan = shop.scan(&member).await;
    let at_till = redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")).await;
    let other = redeem_coupon(shop.ctx(), &shop.cashier, of_order(&shop, held.coupon.id, "W2")).await;
    let own = redeem_coupon(shop.ctx(), &shop.cashier, of_order(&shop, held.coupon.id, "W1")).await.unwrap();

    assert_eq!(locked["state"], "locked");
    assert_eq!(at_till.unwrap_err().refusal(), Some(Refusal::CouponLocked));
    assert_eq!(other.unwrap_err().refusal(), Some(Refusal::CouponLocked));
    assert_eq!((own.receipt.redemption.source.as_str(), own.receipt.discount_fen()), ("online", 2_000));
    use CouponState::{Issued, Locked, Used};
    assert_eq!(shop.moves_of(held.coupon.id).await, [Issued, Locked, Used]);
}

#[tokio::test]
async fn without_a_lock_an_order_takes_nothing() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;

    let tried = redeem_coupon(shop.ctx(), &shop.cashier, of_order(&shop, held.coupon.id, "W1")).await;

    assert_eq!(tried.unwrap_err().refusal(), Some(Refusal::CouponNotLocked));
}

#[tokio::test]
async fn a_lock_that_has_ended_binds_nobody_whether_or_not_the_job_has_run() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let id = held.coupon.id;
    lock_coupon(shop.ctx(), member.id, id, "W1").await.unwrap();

    shop.app.clock.advance(Duration::seconds(900));
    let late = redeem_coupon(shop.ctx(), &shop.cashier, of_order(&shop, id, "W1")).await;
    let again = lock_coupon(shop.ctx(), member.id, id, "W2").await.unwrap();
    shop.app.clock.advance(Duration::seconds(900));
    let released = release_locks(shop.ctx()).await.unwrap();
    let twice = release_locks(shop.ctx()).await.unwrap();

    assert_eq!(late.unwrap_err().refusal(), Some(Refusal::CouponNotLocked));
    assert_eq!(again.coupon.locked_order_no.as_deref(), Some("W2"));
    assert_eq!((released, twice), (1, 0));
    assert_eq!(shop.read_coupon(id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn a_coupon_whose_time_passes_under_a_lock_stays_good_for_the_order_and_expires_with_the_lock() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let (_, other) = shop.holder_of(money_off()).await;
    shop.app.clock.set(held.coupon.valid_until - Duration::seconds(60));
    lock_coupon(shop.ctx(), member.id, held.coupon.id, "W1").await.unwrap();
    lock_coupon(shop.ctx(), other.coupon.member_id, other.coupon.id, "W9").await.unwrap();

    shop.app.clock.advance(Duration::seconds(300));
    expire(shop.ctx()).await.unwrap();
    let used = redeem_coupon(shop.ctx(), &shop.cashier, of_order(&shop, held.coupon.id, "W1")).await;
    shop.app.clock.advance(Duration::seconds(900));
    release_locks(shop.ctx()).await.unwrap();

    assert!(used.is_ok());
    assert_eq!(shop.read_coupon(other.coupon.id).await.state, CouponState::Expired);
    use CouponState::{Expired, Issued, Locked};
    assert_eq!(shop.moves_of(other.coupon.id).await, [Issued, Locked, Expired]);
}

#[tokio::test]
async fn two_orders_at_once_lock_it_for_one_of_them() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;

    let orders = ["W1", "W2", "W3", "W4", "W5"];
    let tries = join_all(orders.map(|order| lock_coupon(shop.ctx(), member.id, held.coupon.id, order))).await;
    let winners: Vec<_> = tries.iter().filter(|one| one.is_ok()).collect();
    let refused = |one: &Result<_, Error>| one.as_ref().err().and_then(Error::refusal);

    assert_eq!(winners.len(), 1);
    assert_eq!(tries.iter().filter(|one| refused(one) == Some(Refusal::CouponLocked)).count(), 4);
    unlock_coupon(shop.ctx(), member.id, held.coupon.id).await.unwrap();
    unlock_coupon(shop.ctx(), member.id, held.coupon.id).await.unwrap();
    use CouponState::{Issued, Locked};
    assert_eq!(shop.moves_of(held.coupon.id).await, [Issued, Locked, Issued]);
}

#[tokio::test]
async fn what_is_another_members_or_past_is_not_locked_though_no_job_has_run() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let stranger = shop.member().await;

    let anothers = lock_coupon(shop.ctx(), stranger.id, held.coupon.id, "W1").await;
    shop.app.clock.set(held.coupon.valid_until + Duration::seconds(1));
    let past = lock_coupon(shop.ctx(), member.id, held.coupon.id, "W1").await;

    assert!(matches!(anothers, Err(Error::NotFound("coupon"))));
    assert_eq!(past.unwrap_err().refusal(), Some(Refusal::CouponExpired));
    assert_eq!(shop.moves_of(held.coupon.id).await, [CouponState::Issued]);
}

#[tokio::test]
async fn what_is_used_can_be_neither_locked_nor_unlocked() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")).await.unwrap();

    let locked = lock_coupon(shop.ctx(), member.id, held.coupon.id, "W1").await;
    let unlocked = unlock_coupon(shop.ctx(), member.id, held.coupon.id).await.unwrap();

    assert_eq!(locked.unwrap_err().refusal(), Some(Refusal::CouponAlreadyRedeemed));
    assert_eq!(unlocked.coupon.state, CouponState::Used);
}

#[tokio::test]
async fn locks_end_in_pages() {
    let shop = Shop::open().await;
    let ids: Vec<_> = shop.members(501).await.iter().map(|member| member.id).collect();
    let template = shop.template(money_off()).await;
    let order = IssueOrder { template_id: template, member_ids: &ids, source: "import", source_id: None };
    let txn = shop.ctx().db.begin().await.unwrap();
    issue(shop.ctx(), &txn, order).await.unwrap();
    coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Locked.to_value()))
        .col_expr(coupon::Column::LockedUntil, Expr::value(shop.ctx().now()))
        .exec(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();

    assert_eq!(release_locks(shop.ctx()).await.unwrap(), 501);
    assert!(shop.copies_of(template).await.iter().all(|copy| copy.state == CouponState::Issued));
}
