//! Runs of a day: what is counted, once per day and window, by one worker at a time.

use chrono::Duration;
use entity::states::{RunState, StaffRole, ValueClass};
use entity::{member, outbox, purchase, rfm_member, rfm_run};
use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use service::ids::MemberId;
use service::purchase::{Asked, RefundPurchase, refund_purchase};
use service::rfm::rules::RfmResult;
use service::rfm::{RfmRequest, compute_due, compute_rfm, find_run};

use crate::coupon::shop::Shop;
use crate::report::trade::{at, buy, day, open};

/// Noon of 20 May: what is not asked for is as of the 19th.
pub async fn shop_in_may() -> Shop {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    shop
}

pub fn of(as_of: &str) -> RfmRequest {
    RfmRequest { as_of: Some(day(as_of)), window_months: None }
}

pub async fn computed(shop: &Shop, request: RfmRequest) -> RfmResult {
    let asked = compute_rfm(shop.ctx(), &shop.owner, request).await.unwrap();
    compute_due(shop.ctx()).await.unwrap();
    let run = find_run(shop.ctx(), &shop.owner, asked.row.id).await.unwrap();
    assert_eq!(run.row.state, RunState::Complete);
    run.result.unwrap()
}

pub async fn give_back(shop: &Shop, order_no: &str, asked: Asked) {
    let of_order = purchase::Column::OrderNo.eq(order_no);
    let row = purchase::Entity::find().filter(of_order).one(shop.ctx().db.read()).await.unwrap().unwrap();
    let command = RefundPurchase {
        purchase_id: row.id,
        refund_no: shop.ctx().new_id::<MemberId>().to_string(),
        asked,
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.owner, command).await.unwrap();
}

pub fn members_of(result: &RfmResult, class: ValueClass) -> i64 {
    result.classes.iter().find(|share| share.value_class == class).unwrap().members
}

async fn row_of(shop: &Shop, member: &member::Model) -> Option<rfm_member::Model> {
    let of_member = rfm_member::Column::MemberId.eq(member.id);
    rfm_member::Entity::find().filter(of_member).one(shop.ctx().db.read()).await.unwrap()
}

async fn runs(shop: &Shop) -> u64 {
    rfm_run::Entity::find().count(shop.ctx().db.read()).await.unwrap()
}

#[tokio::test]
async fn a_purchase_that_was_given_back_whole_counts_in_none_and_one_in_part_by_what_is_left() {
    let shop = shop_in_may().await;
    let [whole, part, gone, never] = <[_; 4]>::try_from(shop.members(4).await).unwrap();
    let back = buy(&shop, shop.store, &whole.card_number, (7_000, "2026-05-18T04:00:00Z")).await;
    buy(&shop, shop.store, &whole.card_number, (1_000, "2026-05-09T04:00:00Z")).await;
    let partly = buy(&shop, shop.store, &part.card_number, (5_000, "2026-05-11T04:00:00Z")).await;
    buy(&shop, shop.store, &part.card_number, (300, "2026-05-12T04:00:00Z")).await;
    let all = buy(&shop, shop.store, &gone.card_number, (900, "2026-05-11T04:00:00Z")).await;
    give_back(&shop, &back, Asked::All).await;
    give_back(&shop, &partly, Asked::Amount(4_000)).await;
    give_back(&shop, &all, Asked::All).await;
    shop.app.clock.advance(Duration::days(1));

    let result = computed(&shop, of("2026-05-20")).await;

    assert_eq!((result.buyers, result.never_bought, result.money_fen), (2, 2, 2_300));
    let whole = row_of(&shop, &whole).await.unwrap();
    assert_eq!((whole.recency_days, whole.frequency, whole.money_fen), (11, 1, 1_000));
    assert_eq!(whole.value_class, Some(ValueClass::BoughtOnce));
    assert_eq!((whole.frequency_score, whole.money_score), (None, Some(1)));
    let part = row_of(&shop, &part).await.unwrap();
    assert_eq!((part.recency_days, part.frequency, part.money_fen), (8, 2, 1_300));
    assert!(row_of(&shop, &gone).await.is_none() && row_of(&shop, &never).await.is_none());
}

#[tokio::test]
async fn a_day_knows_of_no_refund_and_no_purchase_that_came_after_it() {
    let shop = shop_in_may().await;
    let member = shop.member().await;
    let order = buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-10T15:59:59Z")).await;
    buy(&shop, shop.store, &member.card_number, (2_000, "2026-05-10T16:00:00Z")).await;
    give_back(&shop, &order, Asked::All).await;

    let then = computed(&shop, of("2026-05-10")).await;
    assert_eq!((then.buyers, then.money_fen), (1, 1_000));
    assert_eq!(members_of(&then, ValueClass::BoughtOnce), 1);

    shop.app.clock.advance(Duration::days(1));
    let now = computed(&shop, of("2026-05-20")).await;
    assert_eq!((now.buyers, now.money_fen), (1, 2_000));
}

#[tokio::test]
async fn who_bought_before_the_window_alone_has_a_stage_and_no_class() {
    let shop = shop_in_may().await;
    let [before, first, again] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    // The window of 12 months to 19 May 2026 begins on 20 May 2025.
    buy(&shop, shop.store, &before.card_number, (900, "2025-05-19T15:59:59Z")).await;
    buy(&shop, shop.store, &first.card_number, (700, "2025-05-19T16:00:00Z")).await;
    buy(&shop, shop.store, &again.card_number, (900, "2024-05-19T04:00:00Z")).await;
    buy(&shop, shop.store, &again.card_number, (500, "2026-05-19T04:00:00Z")).await;

    let result = computed(&shop, RfmRequest::default()).await;

    assert_eq!((result.first_day, result.before_window), (day("2025-05-20"), 1));
    assert_eq!((result.buyers, result.money_fen), (2, 1_200));
    let before = row_of(&shop, &before).await.unwrap();
    assert_eq!((before.value_class, before.stage.as_str(), before.recency_days), (None, "asleep", 365));
    assert_eq!(row_of(&shop, &first).await.unwrap().value_class, Some(ValueClass::BoughtOnce));
    let again = row_of(&shop, &again).await.unwrap();
    assert_eq!((again.frequency, again.frequency_score), (1, Some(1)), "it came more than once in all");
    assert_ne!(again.value_class, Some(ValueClass::BoughtOnce));
}

#[tokio::test]
async fn asked_for_again_and_by_several_at_once_a_day_has_one_run_with_one_answer() {
    let shop = shop_in_may().await;
    for member in shop.members(30).await {
        buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    }
    let asked = join_all((0..4).map(|_| compute_rfm(shop.ctx(), &shop.owner, RfmRequest::default()))).await;
    let ids: Vec<_> = asked.into_iter().map(|run| run.unwrap().row.id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(outbox::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 1);

    let finished = join_all((0..4).map(|_| compute_due(shop.ctx()))).await;
    assert_eq!(finished.into_iter().map(|one| one.unwrap()).sum::<u64>(), 1);
    let first = find_run(shop.ctx(), &shop.owner, ids[0]).await.unwrap();
    assert_eq!(rfm_member::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 30);

    let late = shop.member().await;
    buy(&shop, shop.store, &late.card_number, (9_000, "2026-05-11T04:00:00Z")).await;
    let again = computed(&shop, RfmRequest::default()).await;
    assert_eq!(first.result.unwrap(), again, "what is complete stays as it was");
    assert_eq!(runs(&shop).await, 1);
}

#[tokio::test]
async fn the_night_asks_for_yesterday_once_and_not_before_its_hour() {
    let shop = shop_in_may().await;
    shop.app.clock.set(at("2026-05-20T18:59:59Z"));
    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 0);
    shop.app.clock.set(at("2026-05-20T19:00:00Z"));
    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 1);
    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 0);
    let run = rfm_run::Entity::find().one(shop.ctx().db.read()).await.unwrap().unwrap();
    assert_eq!((run.as_of, run.window_months, run.requested_by), (day("2026-05-20"), 12, None));
    shop.app.clock.advance(Duration::days(1));
    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 1);
    assert_eq!(runs(&shop).await, 2);
}

#[tokio::test]
async fn the_run_of_a_worker_that_died_is_begun_anew_when_its_claim_has_ended() {
    let shop = shop_in_may().await;
    let [buyer, never] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    buy(&shop, shop.store, &buyer.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    let run = compute_rfm(shop.ctx(), &shop.owner, RfmRequest::default()).await.unwrap();
    let now = shop.ctx().now();
    rfm_run::Entity::update_many()
        .col_expr(rfm_run::Column::State, Expr::value("computing"))
        .col_expr(rfm_run::Column::ClaimedUntil, Expr::value(now + Duration::minutes(5)))
        .exec(shop.ctx().db.writer())
        .await
        .unwrap();
    let left_behind = rfm_member::ActiveModel {
        run_id: sea_orm::ActiveValue::Set(run.row.id),
        member_id: sea_orm::ActiveValue::Set(never.id),
        stage: sea_orm::ActiveValue::Set(entity::states::LifecycleStage::New),
        recency_days: sea_orm::ActiveValue::Set(0),
        frequency: sea_orm::ActiveValue::Set(1),
        money_fen: sea_orm::ActiveValue::Set(1),
        ..Default::default()
    };
    rfm_member::Entity::insert(left_behind).exec_without_returning(shop.ctx().db.writer()).await.unwrap();

    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 0, "somebody works on it");
    shop.app.clock.advance(Duration::minutes(6));
    assert_eq!(compute_due(shop.ctx()).await.unwrap(), 1);

    assert!(row_of(&shop, &buyer).await.is_some() && row_of(&shop, &never).await.is_none());
}

#[tokio::test]
async fn a_day_that_is_not_over_and_a_window_out_of_bounds_are_refused_by_their_names() {
    let shop = shop_in_may().await;
    let staff = shop.app.staff_session(StaffRole::Marketer).await;
    let ask = async |body| shop.app.post("/v1/console/rfm-runs", body).with_bearer(&staff).await;
    ask(json!({ "as_of": "2026-05-20" })).await.expect_invalid("as_of");
    ask(json!({ "as_of": "1969-12-31" })).await.expect_invalid("as_of");
    ask(json!({ "window_months": 0 })).await.expect_invalid("window_months");
    ask(json!({ "window_months": 61 })).await.expect_invalid("window_months");
    assert_eq!(runs(&shop).await, 0);

    let asked = ask(json!({ "window_months": 3 })).await.expect(202);
    assert_eq!((&asked["run"]["as_of"], &asked["run"]["state"]), (&json!("2026-05-19"), &json!("waiting")));
    assert_eq!(asked["result"], json!(null));
    compute_due(shop.ctx()).await.unwrap();
    let path = format!("/v1/console/rfm-runs/{}", asked["run"]["id"].as_str().unwrap());
    let found = shop.app.get(&path).with_bearer(&staff).await.expect(200);
    assert_eq!(found["result"]["first_day"], json!("2026-02-20"));
    assert_eq!(found["run"]["standing"], json!(false), "members are judged by the months of the settings");
    let listed = shop.app.get("/v1/console/rfm-runs").with_bearer(&staff).await.expect(200);
    let windows: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|run| run["window_months"].clone()).collect();
    assert_eq!(windows, [json!(12), json!(3)], "and the night's");
}

#[tokio::test]
async fn members_of_more_than_one_page_are_all_there() {
    let shop = shop_in_may().await;
    let members = shop.members(2_003).await;
    for member in [&members[0], &members[1_999], &members[2_000], &members[2_002]] {
        buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    }
    shop.app.clock.advance(Duration::days(1));
    let result = computed(&shop, RfmRequest::default()).await;
    assert_eq!((result.buyers, result.never_bought), (4, 1_999));
}
