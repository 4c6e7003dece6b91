//! Giving a coupon to a friend: the first who opens the link has it, and nobody's limit is freed.

use chrono::Duration;
use entity::states::CouponState;
use futures_util::future::join_all;
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{accept_coupon, claim, offer_coupon};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

fn transferable() -> TemplateForm {
    TemplateForm { transferable: true, ..money_off() }
}

#[tokio::test]
async fn a_friend_takes_the_coupon_and_the_giver_has_used_the_limit() {
    let shop = Shop::open().await;
    let (giver, held) = shop.holder_of(transferable()).await;
    let friend = shop.member().await;
    let (giver_token, friend_token) = (shop.token_of(giver.id).await, shop.token_of(friend.id).await);

    let path = format!("/v1/me/coupons/{}/transfers", held.coupon.id);
    let link = shop.app.post(&path, json!({})).with_bearer(&giver_token).await.expect(201);
    let accept = || {
        let body = json!({ "token": link["token"] });
        shop.app.post("/v1/me/coupon-transfers", body).with_bearer(&friend_token)
    };
    let taken = accept().await.expect(201);
    let again = accept().await.expect(201);
    let second = claim(shop.ctx(), &giver, held.coupon.template_id).await;

    assert_eq!(taken, again);
    assert_eq!(taken["valid_until"], json!(held.coupon.valid_until));
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Voided);
    assert_eq!(second.unwrap_err().refusal(), Some(Refusal::CouponLimitReached));
    assert_eq!(shop.read_template(held.coupon.template_id).await.taken, 1);
}

#[tokio::test]
async fn many_friends_at_once_one_of_them_has_it() {
    let shop = Shop::open().await;
    let (giver, held) = shop.holder_of(transferable()).await;
    let friends = shop.members(6).await;
    let link = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();

    let tries =
        join_all(friends.iter().map(|friend| accept_coupon(shop.ctx(), friend.id, &link.token))).await;

    assert_eq!(tries.iter().filter(|one| one.is_ok()).count(), 1);
    for lost in tries.iter().filter_map(|one| one.as_ref().err()) {
        assert_eq!(lost.refusal(), Some(Refusal::TransferOver));
    }
    assert_eq!(shop.copies_of(held.coupon.template_id).await.len(), 2);
}

#[tokio::test]
async fn a_link_ends_by_time_by_a_new_one_and_by_being_called_back() {
    let shop = Shop::open().await;
    let (giver, held) = shop.holder_of(transferable()).await;
    let friend = shop.member().await;
    let refused =
        async |token: &str| accept_coupon(shop.ctx(), friend.id, token).await.unwrap_err().refusal();

    let first = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();
    let second = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();
    assert_eq!(refused(&first.token).await, Some(Refusal::TransferOver));
    service::coupon::call_back_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();
    assert_eq!(refused(&second.token).await, Some(Refusal::TransferOver));
    let third = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();
    shop.app.clock.advance(Duration::days(1));
    assert_eq!(refused(&third.token).await, Some(Refusal::TransferOver));

    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn what_is_not_transferable_used_or_beyond_the_friends_limit_stays_where_it_is() {
    let shop = Shop::open().await;
    let (keeper, kept) = shop.holder_of(money_off()).await;
    let not_allowed = offer_coupon(shop.ctx(), keeper.id, kept.coupon.id).await;
    let (giver, held) = shop.holder_of(transferable()).await;
    let friend = shop.member().await;
    claim(shop.ctx(), &friend, held.coupon.template_id).await.unwrap();
    let link = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();

    let beyond = accept_coupon(shop.ctx(), friend.id, &link.token).await;
    let to_oneself = accept_coupon(shop.ctx(), giver.id, &link.token).await;

    assert_eq!(not_allowed.unwrap_err().refusal(), Some(Refusal::CouponNotTransferable));
    assert_eq!(beyond.unwrap_err().refusal(), Some(Refusal::CouponLimitReached));
    assert_eq!(to_oneself.unwrap_err().refusal(), Some(Refusal::TransferOver));
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn what_is_another_members_or_past_is_not_passed_on_though_no_job_has_run() {
    let shop = Shop::open().await;
    let (giver, held) = shop.holder_of(transferable()).await;
    let friend = shop.member().await;
    let anothers = offer_coupon(shop.ctx(), friend.id, held.coupon.id).await;
    shop.app.clock.set(held.coupon.valid_until);
    let link = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await.unwrap();

    shop.app.clock.advance(Duration::seconds(1));
    let late = accept_coupon(shop.ctx(), friend.id, &link.token).await;
    let offered_late = offer_coupon(shop.ctx(), giver.id, held.coupon.id).await;

    assert!(matches!(anothers, Err(Error::NotFound("coupon"))));
    assert_eq!(late.unwrap_err().refusal(), Some(Refusal::CouponExpired));
    assert_eq!(offered_late.unwrap_err().refusal(), Some(Refusal::CouponExpired));
    assert_eq!(shop.moves_of(held.coupon.id).await, [CouponState::Issued]);
}
