//! Exchanges of two records that become one: limits count both, and a request number answers once.

use service::Refusal;
use service::mall::{ItemForm, cancel_my_exchange};

use super::shop::{Mall, cup};
use crate::points::ledger::{audit, balance, give};

#[tokio::test]
async fn exchanges_of_both_count_and_the_one_of_the_record_that_is_gone_can_be_cancelled() {
    let mall = Mall::with(ItemForm { limit_per_member: Some(3), ..cup() }).await;
    let shop = &mall.shop;
    let [elder, younger] = shop.two_records().await;
    for record in [&elder, &younger] {
        give(shop.ctx(), record, 500, None).await;
    }
    let first = mall.exchange(&elder, "R1").await.unwrap();
    let second = mall.exchange(&younger, "R1").await.unwrap();

    shop.merge(elder.id, younger.id).await;

    // As a request that was under way would name them.
    for record in [&elder, &younger] {
        assert_eq!(mall.exchange(record, "R1").await.unwrap().id, first.id);
    }
    mall.exchange(&younger, "R2").await.unwrap();
    let refused = mall.exchange(&elder, "R3").await.unwrap_err();
    assert_eq!(refused.refusal(), Some(Refusal::MallLimitReached));
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 700);
    let cancelled = cancel_my_exchange(shop.ctx(), elder.id, second.id).await.unwrap();
    assert_eq!(cancelled.member_id, elder.id);
    assert_eq!((mall.taken().await, balance(shop.ctx(), elder.id).await.balance), (2, 800));
    audit(shop.ctx()).await;
}
