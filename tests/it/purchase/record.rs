//! Recording: the same order again, many at once, sums, wrong lines.

use chrono::Duration;
use entity::{member, purchase};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::purchase::{Customer, NewLine, RecordPurchase, record_purchase};
use service::{Error, Refusal};

use crate::coupon::shop::Shop;

fn order(shop: &Shop, member: &member::Model, order_no: &str, total_fen: i64) -> RecordPurchase {
    RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(member.card_number.clone()),
        order_no: order_no.to_owned(),
        total_fen,
        purchased_at: None,
        lines: Vec::new(),
    }
}

async fn reread(shop: &Shop, member: &member::Model) -> member::Model {
    member::Entity::find_by_id(member.id).one(shop.ctx().db.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_is_recorded_once_and_moves_the_members_sums() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let scan = shop.scan(&member).await;
    let (till, mine) = (shop.cashier_token().await, shop.token_of(member.id).await);
    let body = json!({
        "store_id": shop.store, "scan_id": scan, "order_no": "O1", "total_fen": 5_600,
        "lines": [
            { "product_code": "P1", "name": "茶", "category": "饮品", "quantity": 2, "price_fen": 2_500, "cost_fen": 900 },
            { "name": "饼", "quantity": 1, "price_fen": 600 },
        ],
    });
    let send = |body: &Value| shop.app.post("/v1/staff/purchases", body).with_bearer(&till);

    let recorded = send(&body).await.expect(201);
    let again = send(&body).await.expect(201);
    let mut other = body.clone();
    other["lines"][1]["price_fen"] = json!(700);
    send(&other).await.expect_refusal("order_number_taken");

    assert_eq!(recorded, again);
    assert_eq!(recorded["quantity"], 3);
    let row = reread(&shop, &member).await;
    assert_eq!((row.purchase_count, row.purchase_total_fen), (1, 5_600));
    assert_eq!(row.first_purchase_at, Some(shop.ctx().now()));
    let listed = shop.app.get("/v1/me/purchases").with_bearer(&mine).await.expect(200);
    assert_eq!(listed["items"][0]["lines"][0]["name"], "茶");
    assert!(listed["items"][0]["lines"][0].get("cost_fen").is_none());
    let console = format!("/v1/console/members/{}/purchases", member.id);
    let owner = shop.owner_token().await;
    let seen = shop.app.get(&console).with_bearer(&owner).await.expect(200);
    assert_eq!(seen["items"][0]["id"], recorded["id"]);
}

#[tokio::test]
async fn the_same_order_many_times_at_once_counts_once() {
    let shop = Shop::open().await;
    let member = shop.member().await;

    let tries =
        (0..10).map(|_| record_purchase(shop.ctx(), &shop.cashier, order(&shop, &member, "O1", 1_000)));
    let answers: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();

    assert!(answers.iter().all(|answer| answer.purchase.id == answers[0].purchase.id));
    let row = reread(&shop, &member).await;
    assert_eq!((row.purchase_count, row.purchase_total_fen), (1, 1_000));
}

#[tokio::test]
async fn many_orders_of_a_member_at_once_all_count() {
    let shop = Shop::open().await;
    let member = shop.member().await;

    let tries = (1..=20).map(|number| {
        let order = order(&shop, &member, &format!("O{number}"), number);
        record_purchase(shop.ctx(), &shop.cashier, order)
    });
    assert!(join_all(tries).await.iter().all(Result::is_ok));

    let row = reread(&shop, &member).await;
    assert_eq!((row.purchase_count, row.purchase_total_fen), (20, 210));
    assert_eq!(purchase::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 20);
}

#[tokio::test]
async fn an_older_order_moves_the_first_purchase_and_not_the_last() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let now = shop.ctx().now();
    record_purchase(shop.ctx(), &shop.cashier, order(&shop, &member, "O1", 1)).await.unwrap();

    let earlier = now - Duration::days(3);
    let older = RecordPurchase { purchased_at: Some(earlier), ..order(&shop, &member, "O2", 1) };
    record_purchase(shop.ctx(), &shop.cashier, older).await.unwrap();

    let row = reread(&shop, &member).await;
    assert_eq!((row.first_purchase_at, row.last_purchase_at), (Some(earlier), Some(now)));
}

#[tokio::test]
async fn the_same_order_number_at_another_store_is_another_order() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let elsewhere = shop.add_store("S2").await;
    record_purchase(shop.ctx(), &shop.cashier, order(&shop, &member, "O1", 1)).await.unwrap();

    let there = RecordPurchase { store_id: elsewhere, ..order(&shop, &member, "O1", 2) };
    record_purchase(shop.ctx(), &shop.cashier_of(elsewhere), there).await.unwrap();

    assert_eq!(reread(&shop, &member).await.purchase_count, 2);
}

#[tokio::test]
async fn a_wrong_line_is_named_by_its_path_and_a_disabled_member_is_refused() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let line = NewLine {
        product_code: None,
        name: "茶".to_owned(),
        category: None,
        quantity: 1,
        price_fen: 1,
        cost_fen: None,
    };
    let lines = vec![line.clone(), line.clone(), NewLine { price_fen: -1, ..line }];

    let wrong = RecordPurchase { lines, ..order(&shop, &member, "O1", 1) };
    let wrong = record_purchase(shop.ctx(), &shop.cashier, wrong).await;
    shop.disable(&member).await;
    let disabled = record_purchase(shop.ctx(), &shop.cashier, order(&shop, &member, "O1", 1)).await;

    assert!(matches!(&wrong, Err(Error::Invalid(errors)) if errors[0].field == "lines[2].price_fen"));
    assert!(matches!(disabled, Err(Error::Refused(Refusal::MemberDisabled))));
    assert_eq!(reread(&shop, &member).await.purchase_count, 0);
}

#[tokio::test]
async fn purchases_are_listed_by_their_time_and_each_once_though_others_are_recorded_between_two_pages() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let mine = shop.token_of(member.id).await;
    let today = shop.ctx().now();
    let bought = async |order_no: &str, days: i64| {
        let purchased_at = Some(today - Duration::days(days));
        let order = RecordPurchase { purchased_at, ..order(&shop, &member, order_no, 1_000) };
        record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap();
    };
    let page = async |cursor: &Value| {
        let after = cursor.as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/v1/me/purchases?limit=2{after}");
        let page = shop.app.get(&path).with_bearer(&mine).await.expect(200);
        let orders: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|one| one["order_no"].clone()).collect();
        (orders, page["next_cursor"].clone())
    };
    // The till was cut off and tells them late.
    bought("yesterday", 1).await;
    bought("last week", 7).await;
    bought("today", 0).await;
    bought("yesterday too", 1).await;

    let (first, cursor) = page(&Value::Null).await;
    bought("just now", 0).await;
    let (rest, end) = page(&cursor).await;

    let of_one_time = ["yesterday", "yesterday too"];
    assert_eq!(first[0], "today");
    assert!(of_one_time.contains(&first[1].as_str().unwrap()));
    assert!(of_one_time.contains(&rest[0].as_str().unwrap()) && rest[0] != first[1]);
    assert_eq!((&rest[1], &end), (&json!("last week"), &Value::Null));
    let foreign = format!("/v1/me/purchases?cursor={}", cursor.as_str().unwrap());
    let other = shop.token_of(shop.member().await.id).await;
    shop.app.get(&foreign).with_bearer(&other).await.expect_invalid("cursor");
}
