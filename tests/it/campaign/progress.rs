//! Progress: counted from the rows, with the rate, the end and the cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Duration, TimeZone, Utc};
use entity::delivery;
use entity::states::{Channel, DeliveryState, StaffRole};
use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use service::campaign::{Board, Counts, ProgressLine, pace};
use tests::TestApp;

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_790_000_000 + second, 0).unwrap()
}

fn counts(due: i64, per_second: f64, deferred_until: Option<DateTime<Utc>>) -> Counts {
    let line = |state, deliveries| ProgressLine { state, reason: None, deliveries };
    Counts {
        lines: vec![line(DeliveryState::Pending, due), line(DeliveryState::Sent, 1_000_000)],
        as_of: at(0),
        cost_fen: 0,
        per_second,
        deferred_until,
    }
}

#[test]
fn the_end_is_told_by_the_present_rate_and_by_the_allowed_one_before_it_has_begun() {
    for ((due, per_second, deferred), ends_at) in [
        ((1000, 100.0, None), at(10)),
        ((1000, 0.0, None), at(20)),
        ((0, 0.0, None), at(0)),
        ((1000, 100.0, Some(at(3600))), at(3600)),
        ((1000, 100.0, Some(at(3))), at(10)),
    ] {
        assert_eq!(pace::ends_at(&counts(due, per_second, deferred), 50), Some(ends_at));
    }
    assert_eq!(pace::ends_at(&counts(1, 0.0, None), 0), None);
}

#[tokio::test]
async fn many_who_look_at_once_share_one_count() {
    let (board, counted) = (Board::<u8, u32>::default(), Arc::new(AtomicU32::new(0)));
    let look = |key| {
        let (board, counted) = (board.clone(), counted.clone());
        async move { board.look(key, || async { Ok(counted.fetch_add(1, Ordering::SeqCst)) }).await.unwrap() }
    };
    assert_eq!(join_all((0..20).map(|_| look(1))).await, [0; 20]);
    assert_eq!(look(2).await, 1, "another campaign is counted for itself");
    let failed = board.look(3, || async { Err(service::Error::NotFound("x")) }).await;
    assert!(failed.is_err());
    assert_eq!(look(3).await, 2, "a count that failed is not kept");
}

#[tokio::test]
async fn rate_cost_and_end_are_told_and_the_numbers_behind_can_be_listed() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1\nrates.inbox_per_second = 20").await;
    app.members(30).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.holdout_percent = 50).await;
    let path = format!("/v1/console/campaigns/{id}/progress");
    app.drain().await;
    let txn = app.ctx.db.begin().await.unwrap();
    delivery::Entity::update_many()
        .col_expr(delivery::Column::CostFen, Expr::value(5_i64))
        .filter(delivery::Column::State.eq(DeliveryState::Sent))
        .exec(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();
    let told = app.get(&path).with_bearer(&owner).await.expect(200);
    let sent = told["lines"].as_array().unwrap().iter().find(|line| line["state"] == "sent").unwrap();
    let sent = sent["deliveries"].as_f64().unwrap();
    assert_eq!(told["per_second"].as_f64().unwrap(), sent / 10.0);
    assert_eq!(told["cost_fen"].as_f64().unwrap(), sent * 5.0);
    assert!(told["ends_at"].is_null(), "it has ended");
    app.advance(Duration::seconds(11)).await;
    assert_eq!(app.get(&path).with_bearer(&owner).await.expect(200)["per_second"], json!(0.0));
    let held = format!("/v1/console/campaigns/{id}/deliveries?state=suppressed&reason=holdout&limit=200");
    let held = app.get(&held).with_bearer(&owner).await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!(held, 30 - app.deliveries_of(id).await.iter().filter(|row| row.sent_at.is_some()).count());
}
