//! Exchanging: once per request, never more than stock, limit and points allow, only while the mall is open.

use chrono::Duration;
use entity::states::{ExchangeState, MallKind};
use futures_util::future::join_all;
use serde_json::json;
use service::mall::{ItemForm, MallPolicy, MallWindow, cancel_my_exchange, save_windows};
use service::{Error, Refusal, Result};

use super::shop::{Mall, cup};
use crate::coupon::shop::{Shop, money_off};
use crate::points::ledger::{audit, balance};

fn refused<T>(answer: &Result<T>, refusal: Refusal) -> bool {
    matches!(answer, Err(Error::Refused(found)) if *found == refusal)
}

#[tokio::test]
async fn the_same_request_many_times_at_once_is_one_exchange() {
    let mall = Mall::with(cup()).await;
    let member = mall.member_with(1_000).await;

    let answers = join_all((0..6).map(|_| mall.exchange(&member, "R1"))).await;

    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(first.state, ExchangeState::Waiting);
    assert_eq!((mall.taken().await, balance(mall.shop.ctx(), member.id).await.balance), (1, 900));
    audit(mall.shop.ctx()).await;
}

#[tokio::test]
async fn a_request_number_stands_for_one_item() {
    let mall = Mall::with(cup()).await;
    let member = mall.member_with(1_000).await;
    mall.exchange(&member, "R1").await.unwrap();
    let item = service::mall::save_item(mall.shop.ctx(), &mall.shop.owner, None, cup()).await.unwrap().id;
    let mall = Mall { item, ..mall };

    let of_another_item = mall.exchange(&member, "R1").await;

    assert!(refused(&of_another_item, Refusal::RequestNumberReused));
    assert_eq!((mall.taken().await, balance(mall.shop.ctx(), member.id).await.balance), (0, 900));
}

#[tokio::test]
async fn many_members_at_once_get_exactly_the_stock_and_the_others_keep_their_points() {
    let mall = Mall::with(ItemForm { stock: 3, ..cup() }).await;
    let mut members = Vec::new();
    for _ in 0..8 {
        members.push(mall.member_with(100).await);
    }

    let answers = join_all(members.iter().map(|member| mall.exchange(member, "R1"))).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(answers.iter().filter(|answer| refused(answer, Refusal::MallSoldOut)).count(), 5);
    assert_eq!(mall.taken().await, 3);
    for (member, answer) in members.iter().zip(&answers) {
        let left = balance(mall.shop.ctx(), member.id).await.balance;
        assert_eq!(left, if answer.is_ok() { 0 } else { 100 });
    }
    audit(mall.shop.ctx()).await;
}

#[tokio::test]
async fn one_member_at_once_passes_neither_the_limit_nor_the_balance() {
    let limited = Mall::with(ItemForm { limit_per_member: Some(2), ..cup() }).await;
    let member = limited.member_with(1_000).await;
    let names: Vec<_> = (0..5).map(|number| number.to_string()).collect();
    let answers = join_all(names.iter().map(|name| limited.exchange(&member, name))).await;
    assert_eq!(answers.iter().filter(|answer| refused(answer, Refusal::MallLimitReached)).count(), 3);

    let free = Mall::with(cup()).await;
    let member = free.member_with(250).await;
    let answers = join_all(names.iter().map(|name| free.exchange(&member, name))).await;
    assert_eq!(answers.iter().filter(|answer| refused(answer, Refusal::PointsShort)).count(), 3);
    assert_eq!(free.taken().await, 2);
}

#[tokio::test]
async fn a_cancelled_exchange_gives_points_piece_and_limit_back_once() {
    let mall = Mall::with(ItemForm { limit_per_member: Some(1), ..cup() }).await;
    let (ctx, member) = (mall.shop.ctx(), mall.member_with(100).await);
    let other = mall.member_with(100).await;
    let exchanged = mall.exchange(&member, "R1").await.unwrap();
    assert!(matches!(cancel_my_exchange(ctx, other.id, exchanged.id).await, Err(Error::NotFound(_))));

    let cancels = join_all((0..4).map(|_| cancel_my_exchange(ctx, member.id, exchanged.id))).await;

    assert!(cancels.iter().all(|answer| answer.as_ref().unwrap().state == ExchangeState::Cancelled));
    assert_eq!((mall.taken().await, balance(ctx, member.id).await.balance), (0, 100));
    mall.exchange(&member, "R2").await.unwrap();
    audit(ctx).await;
}

#[tokio::test]
async fn a_coupon_is_the_members_at_once_and_can_not_be_cancelled() {
    let shop = Shop::open().await;
    let template = shop.template(money_off()).await;
    let form = ItemForm { kind: MallKind::Coupon, coupon_template_id: Some(template), ..cup() };
    let item = service::mall::save_item(shop.ctx(), &shop.owner, None, form).await.unwrap().id;
    let mall = Mall { shop, item };
    let member = mall.member_with(300).await;

    let exchanged = mall.exchange(&member, "R1").await.unwrap();
    let second = mall.exchange(&member, "R2").await;

    let copies = mall.shop.copies_of(template).await;
    assert_eq!((exchanged.state, exchanged.coupon_id), (ExchangeState::Done, Some(copies[0].id)));
    // The template's own limit is one per member; what it refuses costs nothing.
    assert!(refused(&second, Refusal::CouponLimitReached));
    assert_eq!((mall.taken().await, balance(mall.shop.ctx(), member.id).await.balance), (1, 200));
    assert!(refused(
        &cancel_my_exchange(mall.shop.ctx(), member.id, exchanged.id).await,
        Refusal::ExchangeDone
    ));
}

#[tokio::test]
async fn outside_of_its_days_and_of_the_malls_windows_nothing_is_exchanged() {
    let start = tests::app::start();
    let mall = Mall::with(ItemForm { open_until: Some(start + Duration::days(40)), ..cup() }).await;
    let (ctx, member) = (mall.shop.ctx(), mall.member_with(1_000).await);
    let window = MallWindow {
        name: "感恩回馈月".to_owned(),
        from: "2026-03-10".parse().unwrap(),
        until: "2026-03-31".parse().unwrap(),
    };
    save_windows(ctx, &mall.shop.owner, MallPolicy { windows: vec![window] }).await.unwrap();

    assert!(refused(&mall.exchange(&member, "R1").await, Refusal::MallItemClosed));
    mall.shop.app.clock.set("2026-03-31T23:59:59+08:00".parse().unwrap());
    assert!(mall.exchange(&member, "R1").await.is_ok());
    mall.shop.app.clock.set("2026-04-01T00:00:00+08:00".parse().unwrap());
    assert!(refused(&mall.exchange(&member, "R2").await, Refusal::MallItemClosed));
    save_windows(ctx, &mall.shop.owner, MallPolicy::default()).await.unwrap();
    assert!(mall.exchange(&member, "R2").await.is_ok());
    mall.shop.app.clock.set(start + Duration::days(40));
    assert!(refused(&mall.exchange(&member, "R3").await, Refusal::MallItemClosed));
}

#[tokio::test]
async fn the_member_sees_what_there_is_and_the_one_reason_against_it() {
    let mall = Mall::with(ItemForm { price_fen: 500, ..cup() }).await;
    let member = mall.member_with(99).await;
    let token = mall.shop.token_of(member.id).await;

    let seen = mall.shop.app.get("/v1/mall-items").with_bearer(&token).await.expect(200)["items"][0].clone();

    assert_eq!((seen["refusal"].clone(), seen["left"].clone()), (json!("points_short"), json!(10)));
    let path = format!("/v1/mall-items/{}/exchanges", mall.item);
    let ask = mall.shop.app.post(&path, json!({ "request_no": "R1" })).with_bearer(&token);
    ask.await.expect_refusal("points_short");
    let mine = mall.shop.app.get("/v1/me/exchanges").with_bearer(&token).await.expect(200);
    assert_eq!(mine["items"], json!([]));
}

#[tokio::test]
async fn an_exchange_says_what_it_is_of() {
    let mall = Mall::with(cup()).await;
    let member = mall.member_with(1_000).await;
    let token = mall.shop.token_of(member.id).await;
    let path = format!("/v1/mall-items/{}/exchanges", mall.item);

    let made = mall.shop.app.post(&path, json!({ "request_no": "R1" })).with_bearer(&token).await.expect(201);
    let mine = mall.shop.app.get("/v1/me/exchanges").with_bearer(&token).await.expect(200);

    assert_eq!((&made["item_name"], &made["item_kind"]), (&json!("杯子"), &json!("gift")));
    assert_eq!(mine["items"], json!([made]));
}
