//! The members as they are now.

use chrono::Duration;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use service::report::{MemberReport, report_members};

use super::trade::{at, buy, day, open};
use crate::coupon::shop::Shop;
use crate::tier::shop::Ladder;

async fn report(shop: &Shop) -> MemberReport {
    report_members(shop.ctx(), &shop.owner).await.unwrap()
}

#[tokio::test]
async fn activity_is_counted_by_the_last_purchase_and_loyalty_by_the_second() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    let members = shop.members(4).await;
    buy(&shop, shop.store, &members[0].card_number, (1_000, "2026-05-11T04:00:00Z")).await;
    buy(&shop, shop.store, &members[0].card_number, (1_000, "2026-05-12T04:00:00Z")).await;
    buy(&shop, shop.store, &members[1].card_number, (1_000, "2026-03-11T04:00:00Z")).await;
    buy(&shop, shop.store, &members[2].card_number, (1_000, "2025-06-11T04:00:00Z")).await;

    let told = report(&shop).await;

    assert_eq!((told.members, told.never_bought), (4, 1));
    assert_eq!((told.active_30, told.active_90, told.active_365), (1, 2, 3));
    assert_eq!((told.buyers, told.repeat_buyers), (3, 1));
}

#[tokio::test]
async fn the_top_fifth_is_a_fifth_also_where_sums_are_equal() {
    let shop = open().await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));
    for (number, member) in shop.members(10).await.iter().enumerate() {
        let fen = if number == 0 { 50_000 } else { 1_000 };
        buy(&shop, shop.store, &member.card_number, (fen, "2026-05-11T04:00:00Z")).await;
    }

    let told = report(&shop).await;

    assert_eq!(told.sales_fen, 59_000);
    assert_eq!(told.top_fifth_fen, 51_000, "the first and one of the nine");
}

#[tokio::test]
async fn members_without_a_standing_are_on_the_lowest_tier() {
    let ladder = Ladder::open().await;
    let members = ladder.shop.members(3).await;
    ladder.buy(&members[0], 120_000).await;
    ladder.shop.app.clock.advance(Duration::days(1));

    let told = report(&ladder.shop).await;

    let tiers: Vec<_> =
        told.tiers.iter().map(|tier| (tier.name.as_str(), tier.members, tier.sales_fen)).collect();
    assert_eq!(tiers, [("普卡", 2, 0), ("银卡", 1, 120_000), ("金卡", 0, 0)]);
}

#[tokio::test]
async fn an_age_changes_on_the_birthday() {
    let shop = open().await;
    let members = shop.members(3).await;
    for (member, birthday) in members.iter().zip(["2008-05-20", "2008-05-21", "1950-01-01"]) {
        let mut row = member.clone().into_active_model();
        row.birthday = Set(Some(day(birthday)));
        row.update(shop.ctx().db.writer()).await.unwrap();
    }
    shop.members(1).await;
    shop.app.clock.set(at("2026-05-20T04:00:00Z"));

    let told = report(&shop).await;

    let ages: Vec<_> = told.ages.iter().map(|band| (band.from, band.to, band.members)).collect();
    assert_eq!(ages[0], (Some(0), Some(17), 1), "eighteen tomorrow");
    assert_eq!(ages[1], (Some(18), Some(24), 1), "eighteen today");
    assert_eq!(ages[5], (Some(60), None, 1));
    assert_eq!(ages[6], (None, None, 1));
}
