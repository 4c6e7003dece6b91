//! What a refund would give back is told before it is made, and then it is that.

use entity::states::PartialRefund;
use entity::{audit_entry, coupon, coupon_event, outbox, points_entry, refund, return_period};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::coupon::basket::Line;
use service::coupon::template::TemplateForm;
use service::coupon::{Basket, RedeemCoupon};
use service::points::{PointsPolicy, ShortagePolicy};

use super::ledger::{audit, spend};
use super::refund::{Till, at_once};
use crate::coupon::shop::money_off;

const FIELDS: [&str; 7] =
    ["amount_fen", "deducted_fen", "gift_fen", "coupon_fen", "payable_fen", "points", "debt_points"];

fn quote(till: &Till, purchase: &Value, body: Value) -> tests::answer::Ask {
    let path = format!("/v1/staff/purchases/{}/refund-quotes", purchase["id"].as_str().unwrap());
    till.shop.app.post(&path, body).with_bearer(&till.token)
}

/// How many rows there are of all that a refund touches, and what it moves.
async fn kept(till: &Till) -> impl PartialEq + std::fmt::Debug {
    let db = till.shop.ctx().db.read();
    let rows = [
        audit_entry::Entity::find().count(db).await.unwrap(),
        coupon::Entity::find().count(db).await.unwrap(),
        coupon_event::Entity::find().count(db).await.unwrap(),
        outbox::Entity::find().count(db).await.unwrap(),
        points_entry::Entity::find().count(db).await.unwrap(),
        refund::Entity::find().count(db).await.unwrap(),
        return_period::Entity::find().count(db).await.unwrap(),
    ];
    (rows, till.points().await, till.sums().await)
}

/// Quotes, refunds, and answers the names of the coupons that were promised.
async fn promised_and_kept(till: &Till, purchase: &Value, body: Value, refund_no: &str) -> Value {
    let before = kept(till).await;
    let quoted = quote(till, purchase, body.clone()).await.expect(200);
    assert_eq!(kept(till).await, before, "a quote changes nothing");
    let mut asked = body;
    asked["refund_no"] = json!(refund_no);
    let refunded = till.refund(purchase, asked).await.expect(201);
    for field in FIELDS {
        assert_eq!(quoted[field], refunded["refund"][field], "{field}");
    }
    assert_eq!(quoted["lines"], refunded["lines"]);
    quoted["coupons"].clone()
}

/// An order of which a coupon of 20.00 took its part.
async fn bought_with_coupon(till: &Till, partial_refund: PartialRefund) -> Value {
    let shop = &till.shop;
    let template = shop.template(TemplateForm { partial_refund, ..money_off() }).await;
    let held = service::coupon::claim(shop.ctx(), &till.member, template).await.unwrap();
    let line = |quantity, price_fen| Line { quantity, price_fen, ..Line::default() };
    let scan = shop.scan(&till.member).await;
    let redeem = RedeemCoupon {
        order_no: Some("O1".to_owned()),
        basket: Basket { lines: vec![line(2, 3_000), line(1, 4_000)], delivery_fen: 0 },
        ..shop.redemption(scan, held.coupon.id, "Q1")
    };
    service::coupon::redeem_coupon(shop.ctx(), &shop.cashier, redeem).await.unwrap();
    till.buy("O1").await
}

fn piece_of(purchase: &Value) -> Value {
    json!({ "lines": [{ "line_id": purchase["lines"][0]["id"], "quantity": 1 }] })
}

#[tokio::test]
async fn pieces_an_amount_and_the_rest_come_to_what_was_quoted() {
    let till = Till::open(PointsPolicy::default()).await;
    let bought = till.buy("O1").await;

    promised_and_kept(&till, &bought, piece_of(&bought), "R1").await;
    promised_and_kept(&till, &bought, json!({ "amount_fen": 1_234 }), "R2").await;
    promised_and_kept(&till, &bought, json!({}), "R3").await;

    quote(&till, &bought, json!({})).await.expect_refusal("refund_too_large");
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn points_that_were_spent_are_quoted_as_owed_or_as_kept_back() {
    for shortage in [ShortagePolicy::Debt, ShortagePolicy::DeductFromRefund] {
        let till = Till::open(PointsPolicy { shortage, fen_per_100: 150, ..at_once() }).await;
        let bought = till.buy("O1").await;
        spend(till.shop.ctx(), till.member.id, 80, "x").await.unwrap();

        promised_and_kept(&till, &bought, piece_of(&bought), "R1").await;
        promised_and_kept(&till, &bought, json!({}), "R2").await;
    }
}

#[tokio::test]
async fn each_coupons_own_rule_is_in_the_quote() {
    for (rule, coupons) in [
        (PartialRefund::Keep, json!([])),
        (PartialRefund::GiveBackShare, json!([])),
        (PartialRefund::Reissue, json!([money_off().name])),
    ] {
        let till = Till::open(PointsPolicy::default()).await;
        let bought = bought_with_coupon(&till, rule).await;

        assert_eq!(promised_and_kept(&till, &bought, piece_of(&bought), "R1").await, coupons, "{rule:?}");
        let second = promised_and_kept(&till, &bought, piece_of(&bought), "R2").await;
        assert_eq!(second, json!([]), "what came back already does not come again");
    }
}

#[tokio::test]
async fn a_whole_order_brings_its_coupon_back() {
    let till = Till::open(PointsPolicy::default()).await;
    let bought = bought_with_coupon(&till, PartialRefund::Keep).await;

    let coupons = promised_and_kept(&till, &bought, json!({}), "R1").await;

    assert_eq!(coupons, json!([money_off().name]));
}

#[tokio::test]
async fn a_cashier_of_another_store_is_told_nothing() {
    let mut till = Till::open(at_once()).await;
    let bought = till.buy("O1").await;
    let elsewhere = till.shop.add_store("S2").await;
    till.token = till.shop.staff_token(service::states::StaffRole::Cashier, Some(elsewhere)).await;

    quote(&till, &bought, json!({})).await.expect_refusal("store_not_permitted");
}
