//! What time does: expiry in pages, reminders once, and the nightly check, which reports and repairs nothing.

use chrono::Duration;
use entity::{notice, points_account, points_lot, points_move};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use service::points::{self, PointsPolicy, check_points, keep_points, remind};

use super::ledger::{audit, balance, give, save};
use crate::coupon::shop::Shop;

#[tokio::test]
async fn what_is_past_ends_in_pages_and_a_second_run_finds_nothing() {
    let shop = Shop::open().await;
    let members = shop.members(120).await;
    for member in &members {
        give(shop.ctx(), member, 10, Some(1)).await;
    }
    give(shop.ctx(), &members[0], 5, Some(2)).await;
    shop.app.clock.advance(Duration::days(1));

    assert_eq!(keep_points(shop.ctx()).await.unwrap(), 120);
    assert_eq!(keep_points(shop.ctx()).await.unwrap(), 0);

    assert_eq!(balance(shop.ctx(), members[0].id).await.balance, 5);
    assert_eq!(balance(shop.ctx(), members[119].id).await.balance, 0);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn whoever_is_to_be_told_is_told_however_many_they_are() {
    let shop = Shop::open().await;
    for member in shop.members(101).await {
        give(shop.ctx(), &member, 10, Some(7)).await;
    }

    assert_eq!(remind(shop.ctx()).await.unwrap(), 101);
    assert_eq!(notice::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 101);
}

#[tokio::test]
async fn members_are_told_once_before_points_expire() {
    let shop = Shop::open().await;
    let [soon, later, disabled] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    give(shop.ctx(), &soon, 10, Some(7)).await;
    give(shop.ctx(), &soon, 20, Some(7)).await;
    give(shop.ctx(), &later, 10, Some(8)).await;
    give(shop.ctx(), &disabled, 10, Some(7)).await;
    shop.disable(&disabled).await;

    assert_eq!(remind(shop.ctx()).await.unwrap(), 1);
    assert_eq!(remind(shop.ctx()).await.unwrap(), 0);

    let told = notice::Entity::find().all(shop.ctx().db.read()).await.unwrap();
    assert_eq!((told.len(), told[0].member_id, told[0].kind.as_str()), (1, soon.id, "points_expiry"));
    let body = told[0].message["steps"][0]["body"].as_str().unwrap();
    assert!(body.contains("30 积分") && body.contains("2026年3月9日"), "{body}");
}

#[tokio::test]
async fn nobody_is_told_where_the_brand_wants_no_reminders() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { remind_days: 0, ..PointsPolicy::default() }).await;
    give(shop.ctx(), &shop.member().await, 10, Some(1)).await;

    assert_eq!(remind(shop.ctx()).await.unwrap(), 0);
    assert_eq!(notice::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn the_check_finds_what_does_not_add_up_and_leaves_it_so() {
    let shop = Shop::open().await;
    let [good, cached, lots] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    for member in [&good, &cached, &lots] {
        give(shop.ctx(), member, 10, None).await;
    }
    assert_eq!(check_points(shop.ctx()).await.unwrap().wrong, 0);
    let db = shop.ctx().db.writer();
    let mine = points_account::Column::MemberId.eq(cached.id);
    let wrong =
        points_account::Entity::update_many().col_expr(points_account::Column::Balance, Expr::value(11));
    wrong.filter(mine).exec(db).await.unwrap();
    let mine = points_lot::Column::MemberId.eq(lots.id);
    let wrong = points_lot::Entity::update_many().col_expr(points_lot::Column::Remaining, Expr::value(9));
    wrong.filter(mine).exec(db).await.unwrap();

    let report = check_points(shop.ctx()).await.unwrap();

    assert_eq!((report.accounts, report.wrong), (3, 2));
    let of = |id| report.differences.iter().find(|one| one.member_id == id).unwrap();
    assert_eq!((of(cached.id).account.balance, of(cached.id).ledger.balance), (11, 10));
    assert_eq!((of(lots.id).lots.balance, of(lots.id).wrong_lots.len()), (9, 1));
    assert_eq!(check_points(shop.ctx()).await.unwrap().wrong, 2);
    let owner = shop.owner_token().await;
    let kept = shop.app.get("/v1/console/points/checks").with_bearer(&owner).await.expect(200);
    assert_eq!((kept["items"].as_array().unwrap().len(), kept["items"][0]["wrong"].clone()), (1, json!(2)));
}

#[tokio::test]
async fn the_check_looks_at_the_sum_of_the_lots_and_at_each_lots_moves() {
    let shop = Shop::open().await;
    let [swapped, lost] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    for member in [&swapped, &swapped, &lost] {
        give(shop.ctx(), member, 10, None).await;
    }
    let lots = points_lot::Entity::find().order_by_asc(points_lot::Column::Id).all(shop.ctx().db.read());
    let lots: Vec<_> = lots.await.unwrap().iter().map(|lot| lot.id).collect();
    let db = shop.ctx().db.writer();
    for (lot, remaining) in lots.iter().zip([9, 11, 9]) {
        let wrong =
            points_lot::Entity::update_many().col_expr(points_lot::Column::Remaining, Expr::value(remaining));
        wrong.filter(points_lot::Column::Id.eq(*lot)).exec(db).await.unwrap();
    }
    // Of the last one the move says the same as the lot; only the ledger knows better.
    let wrong = points_move::Entity::update_many().col_expr(points_move::Column::Points, Expr::value(9));
    wrong.filter(points_move::Column::LotId.eq(lots[2])).exec(db).await.unwrap();

    let report = check_points(shop.ctx()).await.unwrap();

    let of = |id| report.differences.iter().find(|one| one.member_id == id).unwrap();
    assert_eq!((of(swapped.id).lots.balance, of(swapped.id).wrong_lots.len()), (20, 2));
    assert_eq!((of(lost.id).lots.balance, of(lost.id).wrong_lots.len()), (9, 0));
}

#[tokio::test]
async fn the_check_looks_at_every_account() {
    let shop = Shop::open().await;
    let now = shop.ctx().now();
    let mut members: Vec<_> = shop.members(501).await.iter().map(|member| member.id).collect();
    members.sort_unstable();
    let wrong = members[500];
    let account = |&member_id| {
        let balance = i64::from(member_id == wrong);
        let row = points_account::Model { member_id, balance, pending: 0, debt: 0, updated_at: now };
        row.into_active_model()
    };
    let accounts = points_account::Entity::insert_many(members.iter().map(account));
    accounts.exec_without_returning(shop.ctx().db.writer()).await.unwrap();

    let report = check_points(shop.ctx()).await.unwrap();

    assert_eq!((report.accounts, report.wrong, report.differences[0].member_id), (501, 1, wrong));
}

#[tokio::test]
async fn the_check_of_a_night_runs_once_and_only_at_night() {
    let shop = Shop::open().await;
    assert!(points::check_if_due(shop.ctx()).await.unwrap());
    assert!(!points::check_if_due(shop.ctx()).await.unwrap());
    // The next day at 02:00 it is too early, at 03:00 it is due.
    shop.app.clock.advance(Duration::hours(16));
    assert!(!points::check_if_due(shop.ctx()).await.unwrap());
    shop.app.clock.advance(Duration::hours(1));
    assert!(points::check_if_due(shop.ctx()).await.unwrap());
}

#[tokio::test]
async fn the_liability_is_what_members_can_still_spend_at_cost() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { fen_per_100: 80, ..PointsPolicy::default() }).await;
    let [first, second] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    give(shop.ctx(), &first, 1_000, Some(10)).await;
    give(shop.ctx(), &second, 500, None).await;
    give(shop.ctx(), &second, 70, Some(1)).await;
    shop.app.clock.advance(Duration::days(1));
    let owner = shop.owner_token().await;

    let owed = shop.app.get("/v1/console/points/liability").with_bearer(&owner).await.expect(200);

    assert_eq!(owed["open"], json!({ "points": 1_500, "fen": 1_200 }));
    assert_eq!(
        (owed["by_end"][0]["fen"].clone(), owed["by_end"][1]["expires_at"].clone()),
        (json!(800), json!(null))
    );
    assert_eq!(owed["members"], 2);
    let leaves = shop.token_of(first.id).await;
    shop.app.delete("/v1/me").with_bearer(&leaves).await.expect(204);
    let owed = shop.app.get("/v1/console/points/liability").with_bearer(&owner).await.expect(200);
    assert_eq!((owed["open"]["points"].clone(), owed["members"].clone()), (json!(500), json!(1)));
    audit(shop.ctx()).await;
}
