//! The run that stands: whose rows the members' pages, segments and copies of data read.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use chrono::Duration;
use entity::states::{LifecycleStage, StaffRole, ValueClass};
use entity::{member, rfm_member, rfm_run};
use futures_util::future::join;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use service::audience::{Rule, Trait, traits_of};
use service::member::{delete_member, export_member};
use service::rfm::{RfmRequest, compute_due, value_of_member};

use super::run::{computed, of, shop_in_may};
use crate::coupon::shop::Shop;
use crate::report::trade::buy;

/// Three members: two purchases of much, two of little a while ago, and one purchase; and one who never bought.
async fn four(shop: &Shop) -> Vec<member::Model> {
    let members = shop.members(4).await;
    let orders = [
        (0, 9_000, "2026-05-11T04:00:00Z"),
        (0, 9_000, "2026-03-01T04:00:00Z"),
        (1, 100, "2025-11-11T04:00:00Z"),
        (1, 100, "2025-10-12T04:00:00Z"),
        (2, 500, "2026-05-18T04:00:00Z"),
    ];
    for (number, fen, time) in orders {
        buy(shop, shop.store, &members[number].card_number, (fen, time)).await;
    }
    members
}

async fn picked(shop: &Shop, rule: Value) -> Vec<member::Model> {
    let ctx = shop.ctx();
    let rule: Rule = serde_json::from_value(rule).unwrap();
    rule.validate().unwrap();
    let condition = rule.condition(ctx.now(), ctx.settings.timezone, ctx.db.backend());
    let query = member::Entity::find().filter(condition).order_by_asc(member::Column::Id);
    query.all(ctx.db.read()).await.unwrap()
}

async fn rows(shop: &Shop) -> Vec<rfm_member::Model> {
    rfm_member::Entity::find().all(shop.ctx().db.read()).await.unwrap()
}

#[tokio::test]
async fn segments_pick_members_by_class_and_by_stage_and_nobody_before_there_is_a_run() {
    let shop = shop_in_may().await;
    let members = four(&shop).await;
    let ids = |rows: Vec<member::Model>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let once = json!({ "value_class": "bought_once" });
    assert!(picked(&shop, once.clone()).await.is_empty());
    computed(&shop, RfmRequest::default()).await;

    assert_eq!(ids(picked(&shop, once.clone()).await), [members[2].id]);
    assert_eq!(ids(picked(&shop, json!({ "value_class": "important_value" })).await), [members[0].id]);
    assert_eq!(ids(picked(&shop, json!({ "lifecycle_stage": "asleep" })).await), [members[1].id]);
    assert_eq!(ids(picked(&shop, json!({ "lifecycle_stage": "new" })).await), [members[2].id]);
    let neither = json!({ "none": [once, { "lifecycle_stage": "asleep" }] });
    assert_eq!(ids(picked(&shop, neither).await), [members[0].id, members[3].id]);
    assert_eq!(traits_of(&Rule::ValueClass(ValueClass::BoughtOnce)), [Trait::Value]);
    assert!(serde_json::from_value::<Rule>(json!({ "value_class": "best" })).is_err());
}

#[tokio::test]
async fn the_latest_day_of_the_usual_window_stands_and_the_rows_of_the_others_are_gone() {
    let shop = shop_in_may().await;
    let members = four(&shop).await;
    computed(&shop, of("2026-05-17")).await;
    let newest = async || {
        let standing = rfm_run::Column::Standing.eq(true);
        let runs = rfm_run::Entity::find().filter(standing).all(shop.ctx().db.read()).await.unwrap();
        assert_eq!(runs.len(), 1);
        runs[0].clone()
    };
    // The night's is of the 19th.
    let stands = newest().await;
    assert_eq!(stands.as_of.to_string(), "2026-05-19");

    computed(&shop, of("2026-05-18")).await;
    computed(&shop, RfmRequest { window_months: Some(3), ..of("2026-05-19") }).await;
    assert_eq!(newest().await.id, stands.id);
    assert!(rows(&shop).await.iter().all(|row| row.run_id == stands.id));
    assert_eq!(rows(&shop).await.len(), 3);

    shop.app.clock.advance(Duration::days(1));
    buy(&shop, shop.store, &members[3].card_number, (700, "2026-05-20T04:00:00Z")).await;
    computed(&shop, RfmRequest::default()).await;
    let next = newest().await;
    assert_eq!(next.as_of.to_string(), "2026-05-20");
    assert!(rows(&shop).await.iter().all(|row| row.run_id == next.id));
    assert_eq!(rows(&shop).await.len(), 4);
}

#[tokio::test]
async fn a_members_page_tells_class_and_stage_with_the_day_that_they_are_of() {
    let shop = shop_in_may().await;
    let members = four(&shop).await;
    let staff = shop.app.staff_session(StaffRole::Marketer).await;
    let value = async |member: &member::Model| {
        let path = format!("/v1/console/members/{}/value", member.id);
        shop.app.get(&path).with_bearer(&staff).await.expect(200)
    };
    assert_eq!(value(&members[0]).await["as_of"], json!(null));
    computed(&shop, RfmRequest::default()).await;

    let first = value(&members[0]).await;
    assert_eq!((&first["as_of"], &first["window_months"]), (&json!("2026-05-19"), &json!(12)));
    assert_eq!((&first["value_class"], &first["stage"]), (&json!("important_value"), &json!("active")));
    assert_eq!((&first["recency_days"], &first["frequency"]), (&json!(8), &json!(2)));
    assert_eq!(first["money_fen"], json!(18_000));
    let once = value(&members[2]).await;
    assert_eq!((&once["value_class"], &once["frequency_score"]), (&json!("bought_once"), &json!(null)));
    let never = value(&members[3]).await;
    assert_eq!((&never["as_of"], &never["stage"]), (&json!("2026-05-19"), &json!(null)));
}

#[tokio::test]
async fn a_copy_of_the_data_tells_it_and_leaving_takes_it_away() {
    let shop = shop_in_may().await;
    let members = four(&shop).await;
    computed(&shop, RfmRequest::default()).await;

    let copy = export_member(shop.ctx(), &shop.owner, members[2].id, "asked").await.unwrap();
    assert_eq!(copy["loyalty"]["value"][0]["value_class"], json!("bought_once"));
    delete_member(shop.ctx(), &shop.owner, members[2].id, "asked").await.unwrap();

    let of_member = rfm_member::Column::MemberId.eq(members[2].id);
    let left = rfm_member::Entity::find().filter(of_member).count(shop.ctx().db.read()).await.unwrap();
    assert_eq!(left, 0);
    shop.app.clock.advance(Duration::days(1));
    assert_eq!(computed(&shop, RfmRequest::default()).await.buyers, 2, "and no run counts who left");
}

/// None: it has more to do after it was polled so often.
async fn polled<F: Future>(mut future: Pin<&mut F>, mut times: usize) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if times == 0 => Poll::Ready(None),
        Poll::Pending => {
            times -= 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn a_run_has_nobody_who_left_while_it_was_computed_whenever_that_was() {
    let shop = shop_in_may().await;
    let members = shop.members(60).await;
    for member in &members {
        buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    }
    let mut moments = 0;
    for member in &members {
        shop.app.clock.advance(Duration::days(1));
        let mut computing = pin!(compute_due(shop.ctx()));
        if polled(computing.as_mut(), moments).await.is_some() {
            break;
        }
        moments += 1;
        let leaving = delete_member(shop.ctx(), &shop.owner, member.id, "asked");
        let (computed, left) = join(computing, leaving).await;
        assert_eq!((computed.unwrap(), left.unwrap()), (1, ()));

        let ids = rows(&shop).await.into_iter().map(|row| row.member_id);
        assert!(!ids.clone().any(|id| id == member.id), "left in moment {moments}");
        assert!(ids.count() >= members.len() - moments);
    }
    assert!((10..members.len()).contains(&moments), "{moments}");
}

#[tokio::test]
async fn who_was_merged_away_is_counted_with_who_stays_from_the_next_run_on() {
    let shop = shop_in_may().await;
    let [one, other] = shop.two_records().await;
    for member in [&one, &other] {
        buy(&shop, shop.store, &member.card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    }
    assert_eq!(computed(&shop, RfmRequest::default()).await.buyers, 2);
    let kept = shop.merge(one.id, other.id).await;
    shop.app.clock.advance(Duration::days(1));

    assert_eq!(computed(&shop, RfmRequest::default()).await.buyers, 1);

    let found = value_of_member(shop.ctx(), &shop.owner, other.id).await.unwrap().unwrap().value.unwrap();
    assert_eq!((found.member_id, found.frequency, found.money_fen), (kept, 2, 2_000));
    assert_eq!(found.stage, LifecycleStage::New);
}
