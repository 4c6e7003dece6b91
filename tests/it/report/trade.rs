//! Trade by day of the shop's zone, against the days before.

use chrono::{DateTime, NaiveDate, Utc};
use entity::states::StaffRole;
use serde_json::json;
use service::coupon::claim;
use service::ids::{MemberId, StoreId};
use service::points::{PointsPolicy, save_policy};
use service::purchase::{Asked, Customer, RecordPurchase, RefundPurchase, record_purchase, refund_purchase};
use service::report::{Period, TradeReport, report_trade};
use service::staff::{StaffCaller, StoreScope};
use tests::builders::staff_token;

use crate::coupon::shop::{Shop, money_off};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Beijing: the day begins at 16:00 of the day before in UTC.
pub async fn open() -> Shop {
    let shop = Shop::open().await;
    save_policy(shop.ctx(), &shop.owner, PointsPolicy::default()).await.unwrap();
    shop
}

pub async fn buy(shop: &Shop, store: StoreId, card_number: &str, (fen, time): (i64, &str)) -> String {
    let order_no = shop.ctx().new_id::<MemberId>().to_string();
    let order = RecordPurchase {
        store_id: store,
        customer: Customer::CardNumber(card_number.to_owned()),
        order_no: order_no.clone(),
        total_fen: fen,
        purchased_at: Some(at(time)),
        lines: Vec::new(),
    };
    record_purchase(shop.ctx(), &shop.owner, order).await.unwrap();
    order_no
}

pub async fn report(shop: &Shop, staff: &StaffCaller, (first, last): (&str, &str)) -> TradeReport {
    report_trade(shop.ctx(), staff, Period { first: day(first), last: day(last) }).await.unwrap()
}

#[tokio::test]
async fn a_day_is_the_shops_day_to_the_second() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let member = shop.member().await;
    buy(&shop, shop.store, &member.card_number, (100, "2026-05-09T15:59:59Z")).await;
    buy(&shop, shop.store, &member.card_number, (2_000, "2026-05-09T16:00:00Z")).await;
    buy(&shop, shop.store, &member.card_number, (30_000, "2026-05-10T15:59:59Z")).await;
    buy(&shop, shop.store, &member.card_number, (400_000, "2026-05-10T16:00:00Z")).await;

    let report = report(&shop, &shop.owner, ("2026-05-10", "2026-05-10")).await;

    assert_eq!(report.days.len(), 1);
    assert_eq!((report.days[0].orders, report.days[0].sales_fen), (2, 32_000));
    assert_eq!((report.before.orders, report.before.sales_fen), (1, 100));
    assert_eq!(report.zone.name(), "Asia/Shanghai");
}

#[tokio::test]
async fn days_without_trade_are_there_and_the_sums_are_those_of_the_days() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let member = shop.member().await;
    buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    buy(&shop, shop.store, &member.card_number, (500, "2026-05-13T04:00:00Z")).await;

    let report = report(&shop, &shop.owner, ("2026-05-11", "2026-05-14")).await;

    let sales: Vec<i64> = report.days.iter().map(|day| day.sales_fen).collect();
    assert_eq!(sales, [1_000, 0, 500, 0]);
    assert_eq!(report.total.sales_fen, 1_500);
    assert_eq!((report.total.buyers, report.total.returning_buyers), (1, 0));
}

#[tokio::test]
async fn who_bought_before_the_period_returned() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let members = shop.members(2).await;
    buy(&shop, shop.store, &members[0].card_number, (1_000, "2026-04-11T04:00:00Z")).await;
    for member in &members {
        buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    }

    let report = report(&shop, &shop.owner, ("2026-05-11", "2026-05-11")).await;

    assert_eq!((report.total.buyers, report.total.returning_buyers), (2, 1));
}

#[tokio::test]
async fn refunds_count_on_the_day_of_the_refund() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let member = shop.member().await;
    let order = buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-18T04:00:00Z")).await;
    let purchase =
        service::purchase::find_purchase(shop.ctx(), &shop.owner, (shop.store, &order)).await.unwrap();
    let refund = RefundPurchase {
        purchase_id: purchase.0.purchase.id,
        refund_no: "R1".to_owned(),
        asked: Asked::Amount(300),
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.owner, refund).await.unwrap();

    let report = report(&shop, &shop.owner, ("2026-05-18", "2026-05-20")).await;

    let refunded: Vec<i64> = report.days.iter().map(|day| day.refunded_fen).collect();
    assert_eq!(refunded, [0, 0, 300]);
    assert_eq!(report.total.sales_fen, 1_000);
}

#[tokio::test]
async fn claims_are_counted_by_the_day_they_were_made() {
    let shop = open().await;
    let template = shop.template(money_off()).await;
    shop.app.clock.set(at("2026-05-10T15:59:59Z"));
    let members = shop.members(2).await;
    claim(shop.ctx(), &members[0], template).await.unwrap();
    shop.app.clock.set(at("2026-05-10T16:00:00Z"));
    claim(shop.ctx(), &members[1], template).await.unwrap();

    let report = report(&shop, &shop.owner, ("2026-05-11", "2026-05-11")).await;

    assert_eq!((report.total.coupons_claimed, report.before.coupons_claimed), (1, 1));
}

#[tokio::test]
async fn who_is_limited_to_stores_sees_these_alone() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let other = shop.add_store("S2").await;
    let member = shop.member().await;
    buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    buy(&shop, other, &member.card_number, (70_000, "2026-05-11T04:00:00Z")).await;
    let manager = StaffCaller {
        role: StaffRole::StoreManager,
        stores: StoreScope::Only(vec![shop.store]),
        ..shop.owner.clone()
    };

    let report = report(&shop, &manager, ("2026-05-11", "2026-05-11")).await;

    assert_eq!((report.total.orders, report.total.sales_fen), (1, 1_000));
}

#[tokio::test]
async fn a_span_that_makes_no_sense_is_told_by_its_field() {
    let shop = open().await;
    let token = staff_token(shop.ctx(), StaffRole::Owner).await;
    for query in ["from=2026-05-12&to=2026-05-11", "from=2024-01-01&to=2026-01-01"] {
        let path = format!("/v1/console/reports/trade?{query}");
        shop.app.get(&path).with_bearer(&token).await.expect_invalid("from");
    }

    let body = shop.app.get("/v1/console/reports/trade").with_bearer(&token).await.expect(200);

    assert_eq!(body["days"].as_array().map(Vec::len), Some(28));
    assert_eq!(body["total"]["orders"], json!(0));
}
