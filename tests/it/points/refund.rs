//! Purchases and refunds drive points: pending until the return period ends, taken back by line, by amount, as a whole.

use chrono::Duration;
use entity::{coupon, member, purchase as bought, return_period};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};
use service::points::{Expiry, PointsPolicy, ShortagePolicy};
use service::purchase;
use service::states::CouponState;

use super::ledger::{audit, balance, save, spend};
use crate::coupon::shop::{Shop, money_off};

pub(super) struct Till {
    pub shop: Shop,
    pub token: String,
    pub member: member::Model,
}

impl Till {
    pub async fn open(policy: PointsPolicy) -> Self {
        let shop = Shop::open().await;
        save(&shop, policy).await;
        let (token, member) = (shop.cashier_token().await, shop.member().await);
        Self { shop, token, member }
    }

    /// 60.00 of tea and 40.00 of cake for 90.00.
    pub async fn buy(&self, order_no: &str) -> Value {
        let body = json!({
            "store_id": self.shop.store, "card_number": self.member.card_number, "order_no": order_no, "total_fen": 9_000,
            "lines": [
                { "name": "茶", "category": "饮品", "quantity": 2, "price_fen": 3_000 },
                { "name": "饼", "category": "烘焙", "quantity": 1, "price_fen": 4_000 },
            ],
        });
        self.shop.app.post("/v1/staff/purchases", body).with_bearer(&self.token).await.expect(201)
    }

    pub fn refund(&self, purchase: &Value, body: Value) -> tests::answer::Ask {
        let path = format!("/v1/staff/purchases/{}/refunds", purchase["id"].as_str().unwrap());
        self.shop.app.post(&path, body).with_bearer(&self.token)
    }

    pub async fn points(&self) -> (i64, i64) {
        let now = balance(self.shop.ctx(), self.member.id).await;
        (now.balance, now.pending)
    }

    pub async fn sums(&self) -> (i64, i64, bool) {
        let row =
            member::Entity::find_by_id(self.member.id).one(self.shop.ctx().db.read()).await.unwrap().unwrap();
        (row.purchase_count, row.purchase_total_fen, row.last_purchase_at.is_some())
    }
}

pub(super) fn at_once() -> PointsPolicy {
    PointsPolicy { return_days: 0, ..PointsPolicy::default() }
}

#[tokio::test]
async fn points_are_pending_until_the_goods_can_no_longer_be_returned() {
    let till = Till::open(PointsPolicy::default()).await;
    let bought = till.buy("O1").await;
    assert_eq!((bought["points"].clone(), bought["lines"][0]["points"].clone()), (json!(90), json!(54)));
    assert_eq!(bought["lines"][0]["paid_fen"], 5_400);
    assert_eq!(till.points().await, (0, 90));

    till.shop.app.clock.advance(Duration::days(7) - Duration::seconds(1));
    assert_eq!(purchase::end_return_periods(till.shop.ctx()).await.unwrap(), 0);
    assert_eq!(till.points().await, (0, 90));
    till.shop.app.clock.advance(Duration::seconds(1));
    // The member sees what time has done before any job has.
    assert_eq!(till.points().await, (90, 0));
    assert_eq!(purchase::end_return_periods(till.shop.ctx()).await.unwrap(), 1);
    assert_eq!(purchase::end_return_periods(till.shop.ctx()).await.unwrap(), 0);

    assert_eq!(till.points().await, (90, 0));
    let token = till.shop.token_of(till.member.id).await;
    let seen = till.shop.app.get("/v1/me/points?limit=1").with_bearer(&token).await.expect(200);
    assert_eq!((seen["balance"].clone(), seen["items"][0]["kind"].clone()), (json!(90), json!("mature")));
    assert_eq!(seen["expiring"][0]["at"], "2027-12-31T16:00:00Z");
    assert!(seen["next_cursor"].is_string());
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn points_begin_to_age_when_they_can_be_spent() {
    let expiry = Expiry::MonthEnd { after_months: 0 };
    let mut till = Till::open(PointsPolicy { expiry, ..PointsPolicy::default() }).await;
    till.shop.app.clock.set("2026-03-27T10:00:00+08:00".parse().unwrap());
    till.token = till.shop.cashier_token().await;
    till.buy("O1").await;

    till.shop.app.clock.set("2026-04-30T23:59:59+08:00".parse().unwrap());
    assert_eq!(till.points().await, (90, 0));
    till.shop.app.clock.set("2026-05-01T00:00:00+08:00".parse().unwrap());
    assert_eq!(till.points().await, (0, 0));
}

#[tokio::test]
async fn return_periods_end_however_many_they_are() {
    let till = Till::open(PointsPolicy::default()).await;
    let (ctx, member_id) = (till.shop.ctx(), till.member.id);
    let purchase = |number: i32| bought::Model {
        id: ctx.new_id(),
        store_id: till.shop.store,
        order_no: format!("O{number}"),
        member_id,
        staff_id: None,
        total_fen: 100,
        quantity: 1,
        purchased_at: ctx.now(),
        source: "import".to_owned(),
        created_at: ctx.now(),
        refunded_fen: 0,
    };
    let purchases: Vec<_> = (0..201).map(purchase).collect();
    purchase::insert_rows(ctx.db.writer(), &purchases).await.unwrap();
    let period = |one: &bought::Model| {
        let row = return_period::Model { purchase_id: one.id, member_id, ends_at: ctx.now() };
        row.into_active_model()
    };
    let periods = return_period::Entity::insert_many(purchases.iter().map(period));
    periods.exec_without_returning(ctx.db.writer()).await.unwrap();

    assert_eq!(purchase::end_return_periods(ctx).await.unwrap(), 201);
    assert_eq!(return_period::Entity::find().count(ctx.db.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_refund_by_line_takes_back_its_share_of_money_and_points_once() {
    let till = Till::open(PointsPolicy::default()).await;
    let bought = till.buy("O1").await;
    let tea = bought["lines"][0]["id"].clone();
    let body = json!({ "refund_no": "R1", "lines": [{ "line_id": tea, "quantity": 1 }], "reason": "凉了" });

    let refunded = till.refund(&bought, body.clone()).await.expect(201);
    let again = till.refund(&bought, body).await.expect(201);
    till.refund(&bought, json!({ "refund_no": "R1" })).await.expect_refusal("refund_number_taken");
    let too_much = json!({ "refund_no": "R2", "lines": [{ "line_id": tea, "quantity": 2 }] });
    till.refund(&bought, too_much).await.expect_refusal("refund_too_large");

    assert_eq!(refunded, again);
    assert_eq!(
        (refunded["refund"]["amount_fen"].clone(), refunded["refund"]["points"].clone()),
        (json!(2_700), json!(27))
    );
    assert_eq!(till.points().await, (0, 63));
    assert_eq!(till.sums().await, (1, 6_300, true));
    let path = format!("/v1/staff/purchases?store_id={}&order_no=O1", till.shop.store);
    let found = till.shop.app.get(&path).with_bearer(&till.token).await.expect(200);
    assert_eq!(
        (found["purchase"]["refunded_fen"].clone(), found["refunds"][0]["refund_no"].clone()),
        (json!(2_700), json!("R1"))
    );
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn a_whole_refund_leaves_nothing_of_the_order_and_returns_its_coupon() {
    let till = Till::open(PointsPolicy::default()).await;
    let shop = &till.shop;
    let template = shop.template(money_off()).await;
    let held = service::coupon::claim(shop.ctx(), &till.member, template).await.unwrap();
    let scan = shop.scan(&till.member).await;
    let mut redeem = shop.redemption(scan, held.coupon.id, "Q1");
    redeem.order_no = Some("O1".to_owned());
    service::coupon::redeem_coupon(shop.ctx(), &shop.cashier, redeem).await.unwrap();
    let bought = till.buy("O1").await;

    till.refund(&bought, json!({ "refund_no": "R1", "amount_fen": 1_000 })).await.expect(201);
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Used);
    till.refund(&bought, json!({ "refund_no": "R2" })).await.expect(201);
    till.refund(&bought, json!({ "refund_no": "R3" })).await.expect_refusal("refund_too_large");

    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
    assert_eq!(coupon::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 1);
    assert_eq!(shop.live_redemptions(held.coupon.id).await, 0);
    assert_eq!(till.points().await, (0, 0));
    assert_eq!(till.sums().await, (0, 0, false));
    assert_eq!(return_period::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 0);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn many_refunds_at_once_give_back_no_more_than_was_paid() {
    let till = Till::open(PointsPolicy::default()).await;
    let bought = till.buy("O1").await;

    let tries = (0..8).map(|number| {
        till.refund(&bought, json!({ "refund_no": format!("R{number}"), "amount_fen": 2_000 }))
    });
    let answers = join_all(tries.map(|ask| async move { ask.await })).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 4);
    assert_eq!(till.sums().await.1, 1_000);
    assert_eq!(till.points().await, (0, 10));
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn the_same_refund_many_times_at_once_is_done_once() {
    let till = Till::open(at_once()).await;
    let bought = till.buy("O1").await;

    let tries = (0..6).map(|_| till.refund(&bought, json!({ "refund_no": "R1", "amount_fen": 1_000 })));
    let answers = join_all(tries.map(|ask| async move { ask.await.expect(201) })).await;

    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(till.points().await, (80, 0));
}

#[tokio::test]
async fn who_has_spent_the_points_owes_them_and_the_next_purchase_pays() {
    let till = Till::open(at_once()).await;
    let bought = till.buy("O1").await;
    spend(till.shop.ctx(), till.member.id, 80, "x").await.unwrap();

    let refunded = till.refund(&bought, json!({ "refund_no": "R1" })).await.expect(201);
    assert_eq!(
        (refunded["refund"]["points"].clone(), refunded["refund"]["debt_points"].clone()),
        (json!(90), json!(80))
    );
    assert_eq!(till.points().await, (-80, 0));
    till.buy("O2").await;

    assert_eq!(till.points().await, (10, 0));
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn or_their_value_is_kept_back_from_the_money() {
    let till = Till::open(PointsPolicy {
        shortage: ShortagePolicy::DeductFromRefund,
        fen_per_100: 150,
        ..at_once()
    })
    .await;
    let bought = till.buy("O1").await;
    spend(till.shop.ctx(), till.member.id, 80, "x").await.unwrap();

    let refunded = till.refund(&bought, json!({ "refund_no": "R1" })).await.expect(201)["refund"].clone();

    assert_eq!(
        (refunded["deducted_fen"].clone(), refunded["payable_fen"].clone()),
        (json!(120), json!(8_880))
    );
    assert_eq!(till.points().await, (0, 0));
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn no_more_is_kept_back_for_points_than_there_is_to_pay_out() {
    let shortage = ShortagePolicy::DeductFromRefund;
    let till = Till::open(PointsPolicy { shortage, fen_per_100: 1_000_000, ..at_once() }).await;
    let bought = till.buy("O1").await;
    spend(till.shop.ctx(), till.member.id, 90, "x").await.unwrap();

    let body = json!({ "refund_no": "R1", "amount_fen": 1_000 });
    let refunded = till.refund(&bought, body).await.expect(201)["refund"].clone();

    assert_eq!((refunded["deducted_fen"].clone(), refunded["payable_fen"].clone()), (json!(1_000), json!(0)));
}

#[tokio::test]
async fn the_same_refund_number_at_another_store_is_another_refund() {
    let till = Till::open(at_once()).await;
    let (shop, bought) = (&till.shop, till.buy("O1").await);
    let elsewhere = shop.add_store("S2").await;
    let token = shop.staff_token(service::states::StaffRole::Cashier, Some(elsewhere)).await;
    let order = json!({
        "store_id": elsewhere, "card_number": till.member.card_number, "order_no": "O1", "total_fen": 500,
    });
    let there = shop.app.post("/v1/staff/purchases", order).with_bearer(&token).await.expect(201);
    till.refund(&bought, json!({ "refund_no": "R1" })).await.expect(201);

    let path = format!("/v1/staff/purchases/{}/refunds", there["id"].as_str().unwrap());
    let refunded = shop.app.post(&path, json!({ "refund_no": "R1" })).with_bearer(&token).await.expect(201);

    assert_eq!(refunded["refund"]["amount_fen"], 500);
}

#[tokio::test]
async fn points_that_expired_unused_are_not_taken_back() {
    let expiry = Expiry::Days { days: 1 };
    let mut till = Till::open(PointsPolicy { expiry, ..at_once() }).await;
    let bought = till.buy("O1").await;
    spend(till.shop.ctx(), till.member.id, 30, "x").await.unwrap();
    till.shop.app.clock.advance(Duration::days(3));
    till.token = till.shop.cashier_token().await;

    let refunded = till.refund(&bought, json!({ "refund_no": "R1" })).await.expect(201);

    // 60 expired; only the 30 that were of use are owed.
    assert_eq!(refunded["refund"]["points"], 30);
    assert_eq!(till.points().await, (-30, 0));
    audit(till.shop.ctx()).await;
}

#[tokio::test]
async fn a_cashier_of_another_store_gives_nothing_back() {
    let till = Till::open(at_once()).await;
    let bought = till.buy("O1").await;
    let elsewhere = till.shop.add_store("S2").await;
    let token = till.shop.staff_token(service::states::StaffRole::Cashier, Some(elsewhere)).await;

    let path = format!("/v1/staff/purchases/{}/refunds", bought["id"].as_str().unwrap());
    let answer = till.shop.app.post(&path, json!({ "refund_no": "R1" })).with_bearer(&token).await;

    answer.expect_refusal("store_not_permitted");
    assert_eq!(till.points().await, (90, 0));
}
