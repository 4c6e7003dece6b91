//! Quotes over a basket: what fits, what is missing and how to mend it, the best combination, and redeeming just that.

use serde_json::{Value, json};
use service::coupon::template::TemplateForm;
use service::coupon::{Conditions, Window, claim};
use service::ids::CouponId;
use service::states::{CouponKind, SalesChannel};

use super::shop::{Shop, money_off};

/// A member at the till, who holds a copy of each template.
struct Counter {
    shop: Shop,
    till: String,
    scan: Value,
    coupons: Vec<CouponId>,
}

async fn counter(forms: Vec<TemplateForm>) -> Counter {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let mut coupons = Vec::new();
    for form in forms {
        let template = shop.template(form).await;
        coupons.push(claim(shop.ctx(), &member, template).await.unwrap().coupon.id);
    }
    let scan = json!(shop.scan(&member).await);
    let till = shop.cashier_token().await;
    Counter { shop, till, scan, coupons }
}

impl Counter {
    async fn quote(&self, lines: Value) -> Value {
        let body = json!({ "store_id": self.shop.store, "scan_id": self.scan, "lines": lines });
        self.shop.app.post("/v1/staff/quotes", body).with_bearer(&self.till).await.expect(200)
    }

    fn redemption(&self, lines: &Value, quoted: &Value) -> Value {
        json!({
            "store_id": self.shop.store, "scan_id": self.scan, "coupon_ids": self.coupons, "request_no": "R1",
            "lines": lines, "quoted_discount_fen": quoted,
        })
    }
}

/// Tea for 100 yuan and cake for 30.
fn tea_and_cake() -> Value {
    json!([
        { "product_code": "T1", "category": "茶", "quantity": 2, "price_fen": 5_000 },
        { "product_code": "C1", "category": "糕点", "quantity": 1, "price_fen": 3_000 },
    ])
}

fn tea_at_half() -> TemplateForm {
    TemplateForm {
        pay_percent: Some(50),
        stacking_group: Some("品类券".to_owned()),
        conditions: Conditions { categories: vec!["茶".to_owned()], ..Conditions::default() },
        ..TemplateForm::new("茶半价", CouponKind::Percentage)
    }
}

fn stacking_money_off() -> TemplateForm {
    TemplateForm { stacking_group: Some("满减券".to_owned()), ..money_off() }
}

#[tokio::test]
async fn the_best_combination_is_quoted_and_redeemed_as_one_order() {
    let counter = counter(vec![tea_at_half(), stacking_money_off()]).await;
    let lines = tea_and_cake();

    let quote = counter.quote(lines.clone()).await;
    let body = counter.redemption(&lines, &quote["best"]["discount_fen"]);
    let redeem = || counter.shop.app.post("/v1/staff/redemptions", body.clone()).with_bearer(&counter.till);
    let receipt = redeem().await.expect(201);
    let again = redeem().await.expect(200);

    assert_eq!(quote["best"]["discount_fen"], 7_000);
    assert_eq!(quote["best"]["payable_fen"], 6_000);
    assert_eq!((&receipt["discount_fen"], &receipt["payable_fen"]), (&json!(7_000), &json!(6_000)));
    assert_eq!(receipt["coupons"].as_array().unwrap().len(), 2);
    assert_eq!(
        receipt["coupons"][1]["shares"],
        json!([
            { "line": 0, "discount_fen": 1_250 }, { "line": 1, "discount_fen": 750 },
        ])
    );
    assert_eq!(receipt, again);
    for coupon in &counter.coupons {
        assert_eq!(counter.shop.live_redemptions(*coupon).await, 1);
    }
}

#[tokio::test]
async fn what_was_quoted_and_is_no_longer_so_is_told_and_nothing_is_redeemed() {
    let counter = counter(vec![tea_at_half(), stacking_money_off()]).await;
    let lines = tea_and_cake();
    let quote = counter.quote(lines.clone()).await;
    let (ctx, owner) = (counter.shop.ctx(), &counter.shop.owner);
    service::coupon::void_coupon(ctx, owner, counter.coupons[0], "错发").await.unwrap();

    let body = counter.redemption(&lines, &quote["best"]["discount_fen"]);
    let answer = counter.shop.app.post("/v1/staff/redemptions", body).with_bearer(&counter.till).await;
    let problem = answer.expect_problem(409, "quote_changed");

    let changed = json!([{ "coupon_id": counter.coupons[0], "reason": "coupon_voided" }]);
    assert_eq!((&problem["facts"]["changed"], &problem["facts"]["discount_fen"]), (&changed, &json!(2_000)));
    assert_eq!(counter.shop.live_redemptions(counter.coupons[1]).await, 0);
}

#[tokio::test]
async fn coupons_that_do_not_go_together_are_not_redeemed_together() {
    let counter = counter(vec![money_off(), stacking_money_off()]).await;
    let body = counter.redemption(&tea_and_cake(), &Value::Null);

    let answer = counter.shop.app.post("/v1/staff/redemptions", body).with_bearer(&counter.till).await;

    answer.expect_refusal("coupons_not_stackable");
}

#[tokio::test]
async fn another_till_learns_who_used_the_coupon_where_and_when() {
    let counter = counter(vec![money_off()]).await;
    let mut body = counter.redemption(&tea_and_cake(), &Value::Null);
    let redeem =
        |body: Value| counter.shop.app.post("/v1/staff/redemptions", body).with_bearer(&counter.till);
    let first = redeem(body.clone()).await.expect(201);

    body["request_no"] = json!("R2");
    let problem = redeem(body).await.expect_problem(409, "coupon_already_redeemed");

    let used = &problem["facts"]["used"];
    assert_eq!((&used["store_name"], &used["staff_name"]), (&json!("S1 店"), &json!("李店员")));
    assert_eq!(used["redeemed_at"], first["redeemed_at"]);
}

#[tokio::test]
async fn each_coupon_that_can_not_be_used_has_one_reason_and_the_cheapest_way_to_mend_it() {
    let with = |name: &str, conditions| TemplateForm { name: name.to_owned(), conditions, ..money_off() };
    let cups = Conditions { products: vec!["CUP".to_owned()], ..Conditions::default() };
    let online = Conditions { channels: vec![SalesChannel::Online], ..Conditions::default() };
    // It is Monday, 10:00 and a half minute.
    let friday = Window { weekdays: vec![5], from: "18:00".to_owned(), until: "02:00".to_owned() };
    let friday = Conditions { windows: vec![friday], ..Conditions::default() };
    let dear = TemplateForm { threshold_fen: 14_200, ..money_off() };
    let counter = counter(vec![dear, with("杯子", cups), with("线上", online), with("周五", friday)]).await;

    let quote = counter.quote(tea_and_cake()).await;

    let told: Vec<(&Value, &Value)> = counter
        .coupons
        .iter()
        .map(|id| {
            let all = quote["unusable"].as_array().unwrap();
            let one = all.iter().find(|one| one["coupon"]["id"] == json!(id)).unwrap();
            (&one["reason"], &one["fix"]["words"])
        })
        .collect();
    let expected = [
        ("coupon_threshold_not_met", "再买 ¥12 可用"),
        ("coupon_no_matching_goods", "加购适用商品可用"),
        ("coupon_wrong_channel", "请换一个渠道下单"),
        ("coupon_outside_hours", "3月6日 18:00 起可用"),
    ];
    for ((reason, words), expected) in told.into_iter().zip(expected) {
        assert_eq!((reason, words), (&json!(expected.0), &json!(expected.1)));
    }
}

#[tokio::test]
async fn hours_that_cross_midnight_belong_to_the_day_on_which_they_begin() {
    let friday = Window { weekdays: vec![5], from: "18:00".to_owned(), until: "02:00".to_owned() };
    let conditions = Conditions { windows: vec![friday], ..Conditions::default() };
    let open = |text: &str| conditions.is_open_at(text.parse().unwrap(), chrono_tz::Asia::Shanghai);

    // Friday 18:00 to Saturday 02:00 in Shanghai.
    assert!(!open("2026-03-06T09:59:59Z"));
    assert!(open("2026-03-06T10:00:00Z") && open("2026-03-06T17:59:59Z"));
    assert!(!open("2026-03-06T18:00:00Z") && !open("2026-03-05T17:00:00Z"));
}

#[tokio::test]
async fn a_coupon_for_the_first_order_is_good_once_whatever_two_tills_do() {
    let first_order = || TemplateForm {
        conditions: Conditions { first_order: true, ..Conditions::default() },
        ..money_off()
    };
    let counter = counter(vec![first_order(), first_order()]).await;
    let redeem = |number: usize| {
        let body = json!({
            "store_id": counter.shop.store, "scan_id": counter.scan, "coupon_id": counter.coupons[number],
            "request_no": format!("R{number}"), "amount_fen": 20_000,
        });
        counter.shop.app.post("/v1/staff/redemptions", body).with_bearer(&counter.till)
    };

    let (one, two) = tokio::join!(async { redeem(0).await }, async { redeem(1).await });

    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}
