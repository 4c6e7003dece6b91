//! A campaign that grants a coupon to every receiver.

use chrono::Duration;
use entity::coupon;
use entity::states::{Channel, CouponState, DeliveryState, StaffRole};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use service::ids::CouponTemplateId;
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

const SEND: &str = "/cgi-bin/message/subscribe/send";

/// A published template with so many copies; one per member.
async fn template(app: &TestApp, stock: i64) -> CouponTemplateId {
    let owner = app.staff_session(StaffRole::Owner).await;
    let body = json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "relative", "valid_days": 30, "all_stores": true, "stock": stock, "limit_per_member": 1,
        "claimable": false,
    });
    let made = app.post("/v1/console/coupon-templates", body).with_bearer(&owner).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let publish = format!("/v1/console/coupon-templates/{id}/publish");
    app.post(&publish, Value::Null).with_bearer(&owner).await.expect(200);
    id.parse().unwrap()
}

async fn taken(app: &TestApp, id: CouponTemplateId) -> i64 {
    let row = entity::coupon_template::Entity::find_by_id(id).one(app.ctx.db.read()).await.unwrap();
    row.unwrap().taken
}

async fn copies(app: &TestApp, id: CouponTemplateId, state: CouponState) -> usize {
    coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(id))
        .filter(coupon::Column::State.eq(state))
        .all(app.ctx.db.read())
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn every_receiver_gets_a_copy_and_who_comes_too_late_no_message_either() {
    let app = TestApp::with_platforms().await;
    app.reachable(6, 1).await;
    let offer = template(&app, 4).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 4), (DeliveryState::Suppressed, 2)]);
    assert_eq!(app.reasons(id).await, [("coupon_sold_out".to_owned(), 2)]);
    assert_eq!(copies(&app, offer, CouponState::Issued).await, 4);
    for row in app.deliveries_of(id).await {
        assert_eq!(row.coupon_id.is_some(), row.state == DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn who_holds_as_many_as_allowed_gets_no_message() {
    let app = TestApp::with_platforms().await;
    app.reachable(2, 2).await;
    let offer = template(&app, 10).await;
    for _ in 0..2 {
        app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    }
    app.drain().await;
    assert_eq!(app.messages_received(), 2);
    assert_eq!(taken(&app, offer).await, 2);
}

#[tokio::test]
async fn a_message_that_fails_for_good_gives_its_copy_back() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(3, 1).await;
    let offer = template(&app, 3).await;
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": 47003 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Failed, 3)]);
    assert_eq!(copies(&app, offer, CouponState::Voided).await, 3);
    assert_eq!(taken(&app, offer).await, 0);
    assert_eq!(app.consent_left(reachable[0].member, COUPON_EXPIRY).await, (1, 0));
    app.clear_faults().await;
    let again = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;
    assert_eq!(app.counts(again).await, [(DeliveryState::Delivered, 3)]);
}

#[tokio::test]
async fn a_copy_is_kept_for_the_next_try_and_given_back_when_there_is_none() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(3, 1).await;
    let offer = template(&app, 3).await;
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": -1 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;
    assert_eq!(copies(&app, offer, CouponState::Issued).await, 3);
    app.cancel_subscription(&reachable[0].person, COUPON_EXPIRY).await;
    app.clear_faults().await;
    app.advance(Duration::seconds(10)).await;
    app.drain().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 2), (DeliveryState::Suppressed, 1)]);
    assert_eq!(copies(&app, offer, CouponState::Issued).await, 2);
    assert_eq!(taken(&app, offer).await, 2);
}

#[tokio::test]
async fn a_cancelled_campaign_takes_back_the_copies_that_no_message_brought() {
    let app = TestApp::with_platforms().await;
    app.reachable(3, 1).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let offer = template(&app, 3).await;
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": -1 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;
    let cancel = format!("/v1/console/campaigns/{id}/cancel");
    app.post(&cancel, json!({})).with_bearer(&owner).await.expect(200);

    assert_eq!(copies(&app, offer, CouponState::Voided).await, 3);
    assert_eq!(taken(&app, offer).await, 0);
}
