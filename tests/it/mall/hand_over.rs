//! Handing over: to the scanned member, for the price, once.

use entity::states::ExchangeState;
use futures_util::future::join_all;
use serde_json::json;
use service::mall::{HandOver, ItemForm, hand_over, list_my_exchanges};
use service::member::delete_member;
use service::page::PageRequest;
use service::{Error, Refusal};

use super::shop::{Mall, cup};
use crate::points::ledger;

#[tokio::test]
async fn two_tills_at_once_hand_over_once() {
    let mall = Mall::with(cup()).await;
    let member = mall.member_with(100).await;
    let exchanged = mall.exchange(&member, "R1").await.unwrap();
    let scan_id = mall.shop.scan(&member).await;
    let command = HandOver { exchange_id: exchanged.id, store_id: mall.shop.store, scan_id, paid_fen: 0 };
    let other = mall.shop.cashier_of(mall.shop.store);

    let tills = [&mall.shop.cashier, &other].map(|till| hand_over(mall.shop.ctx(), till, command.clone()));
    let answers = join_all(tills).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let late = answers.iter().find(|answer| answer.is_err()).unwrap();
    assert!(matches!(late, Err(Error::Refused(Refusal::ExchangeDone))));
    let cancelled = service::mall::cancel_my_exchange(mall.shop.ctx(), member.id, exchanged.id).await;
    assert!(matches!(cancelled, Err(Error::Refused(Refusal::ExchangeDone))));
}

#[tokio::test]
async fn only_the_scanned_members_own_is_handed_over_and_for_its_price() {
    let mall = Mall::with(ItemForm { price_fen: 500, ..cup() }).await;
    let shop = &mall.shop;
    let [owner, other] = [mall.member_with(100).await, mall.member_with(100).await];
    let exchanged = mall.exchange(&owner, "R1").await.unwrap();
    let (own, foreign) = (shop.scan(&owner).await, shop.scan(&other).await);
    let token = shop.cashier_token().await;
    let path = format!("/v1/staff/exchanges/{}/hand-over", exchanged.id);
    let give = |scan, paid_fen| {
        let body = json!({ "store_id": shop.store, "scan_id": scan, "paid_fen": paid_fen });
        shop.app.post(&path, body).with_bearer(&token)
    };
    let waiting = |scan| {
        let path = format!("/v1/staff/exchanges?store_id={}&scan_id={scan}", shop.store);
        shop.app.get(&path).with_bearer(&token)
    };
    assert_eq!(waiting(own).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(waiting(foreign).await.expect(200)["items"], json!([]));

    give(foreign, 500).await.expect(404);
    give(own, 0).await.expect_invalid("paid_fen");
    let given = give(own, 500).await.expect(200);
    let again = give(own, 500).await.expect(200);

    assert_eq!(given, again);
    assert_eq!((given["state"].clone(), given["store_id"].clone()), (json!("done"), json!(shop.store)));
    assert_eq!(waiting(own).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn what_was_cancelled_is_not_handed_over() {
    let mall = Mall::with(cup()).await;
    let member = mall.member_with(100).await;
    let exchanged = mall.exchange(&member, "R1").await.unwrap();
    service::mall::cancel_exchange(mall.shop.ctx(), &mall.shop.owner, exchanged.id, "缺货").await.unwrap();
    let scan_id = mall.shop.scan(&member).await;
    let command = HandOver { exchange_id: exchanged.id, store_id: mall.shop.store, scan_id, paid_fen: 0 };

    let answer = hand_over(mall.shop.ctx(), &mall.shop.cashier, command).await;

    assert!(matches!(answer, Err(Error::Refused(Refusal::ExchangeCancelled))));
}

#[tokio::test]
async fn what_waits_for_a_member_who_leaves_goes_back_to_the_stock() {
    let mall = Mall::with(cup()).await;
    let [member, other] = [mall.member_with(200).await, mall.member_with(100).await];
    for request_no in ["R1", "R2"] {
        mall.exchange(&member, request_no).await.unwrap();
    }
    mall.exchange(&other, "R3").await.unwrap();

    delete_member(mall.shop.ctx(), &mall.shop.owner, member.id, "来电要求").await.unwrap();

    assert_eq!(mall.taken().await, 1, "the other's still waits");
    let left = list_my_exchanges(mall.shop.ctx(), member.id, &PageRequest::default()).await.unwrap();
    assert!(left.items.iter().all(|row| row.state == ExchangeState::Cancelled), "{left:?}");
    ledger::audit(mall.shop.ctx()).await;
}
