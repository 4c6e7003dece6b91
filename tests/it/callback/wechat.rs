//! WeChat's pushes: verified, plain or sealed, each with its effect.

use entity::states::{Channel, DeliveryState, IdentityProvider};
use entity::{callback_event, identity, member};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::TestApp;
use tests::platforms::{CALLBACK_AES_KEY, COUPON_EXPIRY};

#[tokio::test]
async fn a_push_with_a_wrong_signature_is_refused_and_changes_nothing() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    app.set_callback_faults(json!({ "bad_signature_rate": 1.0 })).await;
    app.answer_prompts(std::slice::from_ref(&one.person), COUPON_EXPIRY, "accept").await;
    let forged = json!({ "kind": "stranger", "person": one.person.id });
    app.sandbox(Method::POST, "/pushes", forged).await;
    app.callbacks_settled().await;

    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    assert_eq!(callback_event::Entity::find().count(app.ctx.db.read()).await.unwrap(), 0);
    let path = "/v1/callbacks/wechat?signature=0&timestamp=1&nonce=2";
    app.post(path, json!({})).await.expect_refusal("callback_signature_invalid");
    app.get(path).await.expect_refusal("callback_signature_invalid");
}

#[tokio::test]
async fn sealed_xml_pushes_are_opened() {
    let app = TestApp::with_platforms_and(&format!("wechat.callback_aes_key = \"{CALLBACK_AES_KEY}\"")).await;
    let one = app.reachable(1, 2).await.remove(0);
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (2, 0));
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 1)]);
    app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
}

#[tokio::test]
async fn pushes_that_come_twice_or_from_a_lost_answer_count_once() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    app.set_callback_faults(json!({ "duplicate_rate": 1.0 })).await;
    app.answer_prompts(std::slice::from_ref(&one.person), COUPON_EXPIRY, "accept").await;
    app.answer_prompts(std::slice::from_ref(&one.person), COUPON_EXPIRY, "accept").await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (2, 0));
}

#[tokio::test]
async fn a_withdrawn_phone_number_is_forgotten() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    let push = json!({ "kind": "user_authorization_revoke", "person": one.person.id, "revoke_info": "8" });
    app.sandbox(Method::POST, "/pushes", push).await;
    app.callbacks_settled().await;

    let row = member::Entity::find_by_id(one.member).one(app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(row.phone_cipher, None);
    let phones = identity::Entity::find().filter(identity::Column::Provider.eq(IdentityProvider::Phone));
    assert_eq!(phones.count(app.ctx.db.read()).await.unwrap(), 0);
    let id = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    assert_eq!(app.reasons(id).await, [("no_address".to_owned(), 1)]);
}

#[tokio::test]
async fn a_closed_account_gets_no_more_marketing_there() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 1).await.remove(0);
    let push = json!({ "kind": "user_authorization_cancellation", "person": one.person.id });
    app.sandbox(Method::POST, "/pushes", push).await;
    app.sandbox(Method::POST, "/pushes", json!({ "kind": "wxa_punish_event" })).await;
    app.callbacks_settled().await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.reasons(id).await, [("opted_out".to_owned(), 1)]);
}
