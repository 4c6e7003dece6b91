//! Runs of a day over what the shop sold: what is a basket, what is left out, once per day and parameters.

use chrono::Duration;
use entity::states::{RunState, StaffRole};
use entity::{association_run, outbox, purchase, purchase_line, setting};
use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use service::association::{
    AssociationRequest, AssociationResult, Exclusions, FoundRule, Grain, find_associations, find_due,
    find_run, save_exclusions,
};
use service::ids::MemberId;
use service::purchase::{
    Asked, Customer, NewLine, RecordPurchase, RefundPurchase, record_purchase, refund_purchase,
};

use crate::coupon::shop::Shop;
use crate::report::trade::{at, day, open};

const TIME: &str = "2026-05-11T04:00:00Z";

/// A line: code, name, category.
type Good = (Option<&'static str>, &'static str, Option<&'static str>);

const TEA: Good = (Some("T1"), "龙井", Some("茶"));
const CAKE: Good = (Some("C1"), "绿豆糕", Some("点心"));
const CUP: Good = (None, "茶杯", None);
const BAG: Good = (Some("BAG"), "购物袋", Some("包装"));

async fn shop_in_may() -> Shop {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    shop
}

async fn sell(shop: &Shop, goods: &[Good], time: &str) -> String {
    let order_no = shop.ctx().new_id::<MemberId>().to_string();
    let line = |(code, name, category): &Good| NewLine {
        product_code: code.map(str::to_owned),
        name: (*name).to_owned(),
        category: category.map(str::to_owned),
        quantity: 2,
        price_fen: 1_000,
        cost_fen: None,
    };
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(shop.member().await.card_number),
        order_no: order_no.clone(),
        total_fen: 2_000 * i64::try_from(goods.len().max(1)).unwrap(),
        purchased_at: Some(at(time)),
        lines: goods.iter().map(line).collect(),
    };
    record_purchase(shop.ctx(), &shop.owner, order).await.unwrap();
    order_no
}

async fn give_back(shop: &Shop, order_no: &str, asked: impl FnOnce(&[purchase_line::Model]) -> Asked) {
    let db = shop.ctx().db.read();
    let of_order = purchase::Column::OrderNo.eq(order_no);
    let row = purchase::Entity::find().filter(of_order).one(db).await.unwrap().unwrap();
    let lines = purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.eq(row.id))
        .order_by_asc(purchase_line::Column::Id)
        .all(db)
        .await
        .unwrap();
    let command = RefundPurchase {
        purchase_id: row.id,
        refund_no: shop.ctx().new_id::<MemberId>().to_string(),
        asked: asked(&lines),
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.owner, command).await.unwrap();
}

/// Every rule that two baskets tell of.
fn loose() -> AssociationRequest {
    AssociationRequest {
        min_support_per_10000: 1,
        min_count: 2,
        min_confidence_percent: 1,
        ..Default::default()
    }
}

async fn found(shop: &Shop, request: AssociationRequest) -> AssociationResult {
    let asked = find_associations(shop.ctx(), &shop.owner, request).await.unwrap();
    find_due(shop.ctx()).await.unwrap();
    let run = find_run(shop.ctx(), &shop.owner, asked.row.id).await.unwrap();
    assert_eq!(run.row.state, RunState::Complete);
    run.result.unwrap()
}

fn names(result: &AssociationResult) -> Vec<String> {
    let name = |rule: &FoundRule| {
        let when: Vec<_> = rule.when.iter().map(|good| good.name.as_str()).collect();
        format!("{}→{}", when.join("+"), rule.then.name)
    };
    let mut names: Vec<_> = result.rules.iter().map(name).collect();
    names.sort();
    names
}

async fn runs(shop: &Shop) -> u64 {
    association_run::Entity::find().count(shop.ctx().db.read()).await.unwrap()
}

#[tokio::test]
async fn a_basket_is_what_was_kept_of_a_purchase_each_good_once() {
    let shop = shop_in_may().await;
    for _ in 0..2 {
        sell(&shop, &[TEA, CAKE, TEA], TIME).await;
    }
    let piece = sell(&shop, &[TEA, CAKE], TIME).await;
    let line = sell(&shop, &[TEA, CAKE], TIME).await;
    let whole = sell(&shop, &[TEA, CAKE], TIME).await;
    let money = sell(&shop, &[TEA, CAKE], TIME).await;
    give_back(&shop, &piece, |lines| Asked::Lines(vec![(lines[1].id, 1)])).await;
    give_back(&shop, &line, |lines| Asked::Lines(vec![(lines[1].id, 2)])).await;
    give_back(&shop, &whole, |_| Asked::All).await;
    give_back(&shop, &money, |_| Asked::Amount(4_000)).await;
    sell(&shop, &[], TIME).await;
    shop.app.clock.advance(Duration::days(1));

    let result = found(&shop, loose()).await;

    assert_eq!((result.baskets, result.without_goods, result.found), (4, 1, 2));
    let rule = result.rules.iter().find(|rule| rule.then.name == "绿豆糕").unwrap();
    assert_eq!((rule.count, rule.when_count, rule.then_count), (3, 4, 3));
    assert_eq!(rule.when[0].code.as_deref(), Some("T1"));

    let before = found(&shop, AssociationRequest { as_of: Some(day("2026-05-19")), ..loose() }).await;
    assert_eq!((before.baskets, before.rules[0].count), (6, 6), "the day knows of no refund after it");
}

#[tokio::test]
async fn what_the_brand_leaves_out_is_in_no_basket_and_a_run_keeps_what_was_left_out() {
    let shop = shop_in_may().await;
    for _ in 0..2 {
        sell(&shop, &[TEA, BAG, CUP], TIME).await;
    }
    sell(&shop, &[BAG], TIME).await;
    let all = found(&shop, loose()).await;
    assert_eq!((all.baskets, all.found), (3, 9));
    let staff = shop.app.staff_session(StaffRole::Marketer).await;
    let path = "/v1/console/association-exclusions";
    let left_out = json!({ "products": ["BAG", " 茶杯 "], "categories": [] });
    let saved = shop.app.put(path, left_out).with_bearer(&staff).await.expect(200);
    assert_eq!(saved, json!({ "products": ["BAG", "茶杯"], "categories": [] }));
    assert_eq!(shop.app.get(path).with_bearer(&staff).await.expect(200), saved);

    let rest = found(&shop, loose()).await;
    assert_eq!((rest.baskets, rest.without_goods, rest.found), (2, 1, 0));
    assert_eq!(runs(&shop).await, 2, "another exclusion is another run");

    let exclusions = Exclusions { categories: ["包装".to_owned()].into(), ..Default::default() };
    save_exclusions(shop.ctx(), &shop.owner, exclusions).await.unwrap();
    assert_eq!(names(&found(&shop, loose()).await), ["茶杯→龙井", "龙井→茶杯"]);
    assert_eq!(
        setting::Entity::find_by_id("association_exclusions").count(shop.ctx().db.read()).await.unwrap(),
        1
    );
    let wrong = json!({ "products": [""], "categories": [] });
    shop.app.put(path, wrong).with_bearer(&staff).await.expect_invalid("products[0]");
}

#[tokio::test]
async fn baskets_of_categories_leave_out_what_has_none_and_the_window_ends_with_the_day() {
    let shop = shop_in_may().await;
    sell(&shop, &[TEA, CAKE, CUP], "2026-05-18T15:59:59Z").await;
    sell(&shop, &[TEA, CAKE, CUP], "2026-05-17T16:00:00Z").await;
    // Before the first day, and after the last.
    sell(&shop, &[TEA, CAKE, CUP], "2026-05-17T15:59:59Z").await;
    sell(&shop, &[TEA, CAKE, CUP], "2026-05-18T16:00:00Z").await;
    let request = AssociationRequest {
        as_of: Some(day("2026-05-18")),
        window_days: 1,
        grain: Grain::Category,
        ..loose()
    };

    let result = found(&shop, request).await;

    assert_eq!(result.baskets, 2);
    assert_eq!(names(&result), ["点心→茶", "茶→点心"]);
}

#[tokio::test]
async fn the_same_question_is_one_run_also_when_several_ask_and_find_at_once() {
    let shop = shop_in_may().await;
    for _ in 0..2 {
        sell(&shop, &[TEA, CAKE], TIME).await;
    }
    let asked = join_all((0..4).map(|_| find_associations(shop.ctx(), &shop.owner, loose()))).await;
    let ids: Vec<_> = asked.into_iter().map(|run| run.unwrap().row.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(outbox::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 1);
    let finished = join_all((0..4).map(|_| find_due(shop.ctx()))).await;
    assert_eq!(finished.into_iter().map(|one| one.unwrap()).sum::<u64>(), 1);
    let first = find_run(shop.ctx(), &shop.owner, ids[0]).await.unwrap().result.unwrap();

    sell(&shop, &[TEA, CAKE], TIME).await;
    assert_eq!(found(&shop, loose()).await, first, "what was found stays as it was");
    let other = AssociationRequest { min_confidence_percent: 2, ..loose() };
    assert_eq!(found(&shop, other).await.baskets, 3);
    assert_eq!(runs(&shop).await, 2);
}

#[tokio::test]
async fn a_run_whose_worker_died_is_found_anew_when_its_claim_has_ended() {
    let shop = shop_in_may().await;
    find_associations(shop.ctx(), &shop.owner, loose()).await.unwrap();
    association_run::Entity::update_many()
        .col_expr(association_run::Column::State, Expr::value("computing"))
        .col_expr(association_run::Column::ClaimedUntil, Expr::value(shop.ctx().now() + Duration::minutes(5)))
        .exec(shop.ctx().db.writer())
        .await
        .unwrap();
    assert_eq!(find_due(shop.ctx()).await.unwrap(), 0);
    shop.app.clock.advance(Duration::minutes(6));
    assert_eq!(find_due(shop.ctx()).await.unwrap(), 1);
}

#[tokio::test]
async fn every_number_that_is_out_of_bounds_is_refused_by_its_name() {
    let shop = shop_in_may().await;
    let staff = shop.app.staff_session(StaffRole::Owner).await;
    let ask =
        async |body: Value| shop.app.post("/v1/console/association-runs", body).with_bearer(&staff).await;
    let wrong = json!({
        "window_days": 401, "min_support_per_10000": 0, "min_count": 1, "min_confidence_percent": 101,
    });
    let problem = ask(wrong).await.expect_invalid("window_days");
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["window_days", "min_support_per_10000", "min_count", "min_confidence_percent"]);
    ask(json!({ "as_of": "2026-05-20" })).await.expect_invalid("as_of");
    ask(json!({ "grain": "brand" })).await.expect_invalid("grain");
    assert_eq!(runs(&shop).await, 0);

    let asked = ask(json!({})).await.expect(202);
    assert_eq!(asked["run"]["parameters"]["window_days"], json!(90));
    find_due(shop.ctx()).await.unwrap();
    let path = format!("/v1/console/association-runs/{}", asked["run"]["id"].as_str().unwrap());
    let run = shop.app.get(&path).with_bearer(&staff).await.expect(200);
    assert_eq!((&run["run"]["state"], &run["result"]["rules"]), (&json!("complete"), &json!([])));
    let listed = shop.app.get("/v1/console/association-runs").with_bearer(&staff).await.expect(200);
    assert_eq!(listed["items"][0]["baskets"], json!(0));
}
