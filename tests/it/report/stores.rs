//! Stores beside each other.

use entity::states::StaffRole;
use service::purchase::{Customer, NewLine, RecordPurchase, record_purchase};
use service::report::{Period, compare_stores};
use service::staff::{StaffCaller, StoreScope};

use super::trade::{at, buy, day, open};

fn may() -> Period {
    Period { first: day("2026-05-01"), last: day("2026-05-31") }
}

#[tokio::test]
async fn the_store_that_sold_most_comes_first_and_one_that_sold_nothing_is_there() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let (second, _third) = (shop.add_store("S2").await, shop.add_store("S3").await);
    let members = shop.members(2).await;
    buy(&shop, shop.store, &members[0].card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    for member in &members {
        buy(&shop, second, &member.card_number, (5_000, "2026-05-12T04:00:00Z")).await;
    }
    buy(&shop, second, &members[0].card_number, (9_000, "2026-04-12T04:00:00Z")).await;

    let lines = compare_stores(shop.ctx(), &shop.owner, may()).await.unwrap();

    let told: Vec<_> =
        lines.iter().map(|line| (line.code.as_str(), line.orders, line.sales_fen, line.buyers)).collect();
    assert_eq!(told, [("S2", 2, 10_000, 2), ("S1", 1, 1_000, 1), ("S3", 0, 0, 0)]);
}

#[tokio::test]
async fn the_margin_is_of_the_articles_whose_cost_is_known() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let member = shop.member().await;
    let line = |name: &str, quantity, price_fen, cost_fen| NewLine {
        product_code: None,
        name: name.to_owned(),
        category: None,
        quantity,
        price_fen,
        cost_fen,
    };
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(member.card_number.clone()),
        order_no: "M1".to_owned(),
        total_fen: 9_000,
        purchased_at: None,
        lines: vec![line("龙井", 2, 3_000, Some(1_200)), line("茶杯", 1, 3_000, None)],
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap();

    let lines = compare_stores(shop.ctx(), &shop.owner, may()).await.unwrap();

    assert_eq!((lines[0].margin_fen, lines[0].margin_of_fen), (3_600, 6_000));
}

#[tokio::test]
async fn who_is_limited_to_stores_compares_these() {
    let shop = open().await;
    shop.add_store("S2").await;
    let manager = StaffCaller {
        role: StaffRole::StoreManager,
        stores: StoreScope::Only(vec![shop.store]),
        ..shop.owner.clone()
    };

    let lines = compare_stores(shop.ctx(), &manager, may()).await.unwrap();

    assert_eq!(lines.iter().map(|line| line.code.as_str()).collect::<Vec<_>>(), ["S1"]);
}
