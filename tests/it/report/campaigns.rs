//! Campaigns beside each other.

use entity::coupon;
use entity::states::Channel;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tests::TestApp;

#[tokio::test]
async fn a_campaign_is_told_with_whom_it_reached_and_what_its_coupons_brought() {
    let app = TestApp::with_platforms().await;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let members = app.members(3).await;
    let body = json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "relative", "valid_days": 30, "all_stores": true, "stock": 1000, "limit_per_member": 2,
        "claimable": true,
    });
    let made = app.post("/v1/console/coupon-templates", body).with_bearer(&owner).await.expect(201);
    let template = made["id"].as_str().expect("an id").to_owned();
    let publish = format!("/v1/console/coupon-templates/{template}/publish");
    app.post(&publish, Value::Null).with_bearer(&owner).await.expect(200);
    let id = app
        .scheduled(Channel::Inbox, |draft| draft.coupon_template_id = Some(template.parse().unwrap()))
        .await;
    app.drain().await;
    // One copy more that the campaign did not give.
    let token = app.member_session(members[0]).await;
    let claim = format!("/v1/coupon-templates/{template}/claims");
    app.post(&claim, Value::Null).with_bearer(&token).await.expect(201);
    let given = coupon::Entity::find().all(app.ctx.db.read()).await.unwrap();
    let given = given.into_iter().find(|row| row.source == "campaign").expect("a coupon of the campaign");
    redeem(&app, &given, store).await;

    let page = app.get("/v1/console/reports/campaigns").with_bearer(&owner).await.expect(200);

    let line = &page["items"][0];
    assert_eq!(line["id"], id.to_string());
    assert_eq!((&line["audience"], &line["sent"], &line["failed"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!((&line["coupons"], &line["redeemed"]), (&json!(3), &json!(1)));
    assert_eq!((&line["discount_fen"], &line["order_fen"]), (&json!(2_000), &json!(10_000)));
}

async fn redeem(app: &TestApp, coupon: &coupon::Model, store: service::ids::StoreId) {
    let now = app.ctx.now();
    let row = entity::redemption::Model {
        id: app.ctx.new_id(),
        coupon_id: coupon.id,
        member_id: coupon.member_id,
        store_id: store,
        staff_id: app.ctx.new_id(),
        request_no: "R1".to_owned(),
        request_hash: String::new(),
        order_no: None,
        amount_fen: 10_000,
        discount_fen: 2_000,
        redeemed_at: now,
        reversed_at: None,
        reversed_by: None,
        reversal_reason: None,
        part: 0,
        shares: json!([]),
        source: "till".to_owned(),
    };
    entity::redemption::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(app.ctx.db.writer())
        .await
        .unwrap();
    let mut used = coupon.clone().into_active_model();
    used.state = Set(entity::states::CouponState::Used);
    used.update(app.ctx.db.writer()).await.unwrap();
}
