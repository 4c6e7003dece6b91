//! Spending and taking a spending back, in the database: once, at once, and to the right lots.

use chrono::Duration;
use entity::points_lot;
use futures_util::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use service::points::{Gift, give as give_once};
use service::states::PointsKind;
use service::{Actor, Refusal};

use super::ledger::{audit, balance, give, reverse, spend};
use crate::coupon::shop::Shop;

async fn left(shop: &Shop) -> Vec<i64> {
    let lots =
        points_lot::Entity::find().order_by_asc(points_lot::Column::Id).all(shop.ctx().db.read()).await;
    lots.unwrap().into_iter().map(|lot| lot.remaining).collect()
}

#[tokio::test]
async fn a_spending_under_one_name_happens_once() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 100, None).await;

    assert_eq!(spend(shop.ctx(), member.id, 60, "x").await, Ok(true));
    assert_eq!(spend(shop.ctx(), member.id, 60, "x").await, Ok(false));
    assert_eq!(spend(shop.ctx(), member.id, 60, "y").await, Err(Refusal::PointsShort));

    assert_eq!(balance(shop.ctx(), member.id).await.balance, 40);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_gift_under_one_name_is_given_once_though_it_is_asked_for_again_and_at_once() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let give = async || {
        let txn = shop.ctx().db.begin().await.unwrap();
        let gift = Gift {
            member_id: member.id,
            kind: PointsKind::Import,
            business_id: "x".to_owned(),
            points: 60,
            actor: Actor::System,
            reason: None,
        };
        let given = give_once(shop.ctx(), &txn, gift).await.unwrap();
        txn.commit().await.unwrap();
        given
    };

    let mut given = join_all((0..4).map(|_| give())).await;
    given.push(give().await);

    assert_eq!(given.iter().filter(|given| **given).count(), 1);
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 60);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn of_many_at_once_only_as_many_succeed_as_there_are_points() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 50, Some(5)).await;
    give(shop.ctx(), &member, 50, None).await;

    let names: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let tries = join_all(names.iter().map(|name| spend(shop.ctx(), member.id, 15, name))).await;

    assert_eq!(tries.iter().filter(|spent| **spent == Ok(true)).count(), 6);
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 10);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_reversal_goes_back_to_the_lots_once_and_a_past_lot_becomes_a_grace_lot() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 50, Some(5)).await;
    give(shop.ctx(), &member, 50, Some(50)).await;
    spend(shop.ctx(), member.id, 70, "x").await.unwrap();
    assert_eq!(left(&shop).await, [0, 30]);
    shop.app.clock.advance(Duration::days(6));

    assert!(reverse(shop.ctx(), member.id, "x").await);
    assert!(!reverse(shop.ctx(), member.id, "x").await);
    assert!(!reverse(shop.ctx(), member.id, "unknown").await);

    // The first lot is past: its 50 points live on for the grace, until the end of the seventh day after.
    assert_eq!(left(&shop).await, [0, 50, 50]);
    let now = balance(shop.ctx(), member.id).await;
    assert_eq!(now.balance, 100);
    assert_eq!(now.expiring[0], ("2026-03-16T00:00:00+08:00".parse().unwrap(), 50));
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_reversal_goes_back_to_a_lot_that_was_spent_to_the_last_point() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 50, Some(50)).await;
    spend(shop.ctx(), member.id, 50, "x").await.unwrap();

    assert!(reverse(shop.ctx(), member.id, "x").await);

    assert_eq!(left(&shop).await, [50], "it is no new lot");
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn points_that_are_past_can_not_be_spent_though_no_job_has_run() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 50, Some(5)).await;
    shop.app.clock.advance(Duration::days(5));

    assert_eq!(balance(shop.ctx(), member.id).await.balance, 0);
    assert_eq!(spend(shop.ctx(), member.id, 1, "x").await, Err(Refusal::PointsShort));
}
