//! A store's redemptions of a day: with whose they are, who did them, and what the caller may still undo.

use chrono::Duration;
use serde_json::{Value, json};
use service::coupon::redeem_coupon;

use super::shop::{Shop, money_off};

async fn listed(shop: &Shop, token: &str) -> Value {
    let path = format!("/v1/staff/redemptions?store_id={}", shop.store);
    shop.app.get(&path).with_bearer(token).await.expect(200)["items"][0].clone()
}

#[tokio::test]
async fn it_tells_whose_it_was_and_who_may_take_it_back_until_when() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")).await.unwrap();
    let colleague = shop.cashier_token().await;
    let owner = shop.owner_token().await;

    let seen_by_colleague = listed(&shop, &colleague).await;
    let seen_by_owner = listed(&shop, &owner).await;

    assert_eq!(seen_by_colleague["card_number"], member.card_number);
    assert_eq!(seen_by_colleague["masked_name"], "王**");
    assert_eq!(seen_by_colleague["may_reverse"], false);
    assert_eq!(seen_by_owner["may_reverse"], true);
    assert_eq!(seen_by_owner["reversible_until"], Value::Null);
}

#[tokio::test]
async fn the_own_one_can_be_undone_for_some_minutes() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    let token = shop.cashier_token().await;
    let body = json!({
        "store_id": shop.store, "scan_id": scan, "coupon_id": held.coupon.id, "request_no": "R1", "amount_fen": 20_000,
    });
    shop.app.post("/v1/staff/redemptions", body).with_bearer(&token).await.expect(201);

    let now = listed(&shop, &token).await;
    shop.app.clock.advance(Duration::seconds(601));
    let later = listed(&shop, &token).await;

    assert_eq!(now["may_reverse"], true);
    assert!(now["reversible_until"].is_string());
    assert_eq!((&later["may_reverse"], &later["reversible_until"]), (&json!(false), &Value::Null));
}
