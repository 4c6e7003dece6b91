//! Falling: the monthly check, once per month however often it runs, after three misses in a row, with warnings and a grace.

use entity::{notice, tier_change, tier_standing};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use service::tier::{Fall, TierPolicy, check_tiers};

use super::shop::{Ladder, forms};

async fn warnings(ladder: &Ladder) -> u64 {
    let warned = notice::Entity::find().filter(notice::Column::Kind.eq("tier_warning"));
    warned.count(ladder.shop.ctx().db.read()).await.unwrap()
}

/// A gold member whose window holds nothing any more.
async fn faded(policy: TierPolicy) -> (Ladder, entity::member::Model) {
    let ladder = Ladder::with(forms(), TierPolicy { window_months: 1, ..policy }, 0).await;
    let member = ladder.shop.member().await;
    ladder.buy(&member, 500_000).await;
    assert_eq!(ladder.place(&member).await, 2);
    (ladder, member)
}

#[tokio::test]
async fn the_third_month_below_costs_one_step_and_each_month_counts_once() {
    let (ladder, member) = faded(TierPolicy::default()).await;
    let ctx = ladder.shop.ctx();
    // March, when it was earned, is not checked; 2 April is past the window.
    assert_eq!(check_tiers(ctx).await.unwrap(), 0);
    for (month, (misses, place)) in [("05", (1, 2)), ("06", (2, 2)), ("07", (0, 1))] {
        ladder.go_to(&format!("2026-{month}-01T00:10:00+08:00"));
        let runs = join_all((0..4).map(|_| check_tiers(ctx))).await;
        assert!(runs.iter().all(Result::is_ok));
        check_tiers(ctx).await.unwrap();
        let standing = ladder.standing(&member).await.unwrap();
        assert_eq!((standing.misses, ladder.place(&member).await), (misses, place), "month {month}");
    }
    assert_eq!(warnings(&ladder).await, 2);
    assert_eq!(tier_change::Entity::find().count(ctx.db.read()).await.unwrap(), 2);
}

#[tokio::test]
async fn or_the_fall_goes_to_what_is_earned() {
    let (ladder, member) =
        faded(TierPolicy { misses: 1, fall: Fall::ByBalance, ..TierPolicy::default() }).await;
    ladder.go_to("2026-05-01T00:10:00+08:00");

    assert_eq!(check_tiers(ladder.shop.ctx()).await.unwrap(), 1);

    assert_eq!(ladder.place(&member).await, 0);
}

#[tokio::test]
async fn a_month_above_in_between_begins_the_count_anew() {
    let (ladder, member) = faded(TierPolicy::default()).await;
    let ctx = ladder.shop.ctx();
    for month in ["05", "06"] {
        ladder.go_to(&format!("2026-{month}-01T00:10:00+08:00"));
        check_tiers(ctx).await.unwrap();
    }
    assert_eq!(ladder.standing(&member).await.unwrap().misses, 2);

    ladder.go_to("2026-06-20T12:00:00+08:00");
    ladder.buy(&member, 500_000).await;
    assert_eq!(ladder.standing(&member).await.unwrap().misses, 0);
    ladder.go_to("2026-07-01T00:10:00+08:00");
    check_tiers(ctx).await.unwrap();

    assert_eq!((ladder.standing(&member).await.unwrap().misses, ladder.place(&member).await), (0, 2));
}

#[tokio::test]
async fn in_the_grace_a_purchase_still_saves_the_tier_and_without_one_it_ends_on_its_day() {
    let policy = TierPolicy { misses: 1, grace_days: 20, ..TierPolicy::default() };
    let (ladder, member) = faded(policy).await;
    let ctx = ladder.shop.ctx();
    let other = ladder.shop.member().await;
    ladder.buy(&other, 500_000).await;
    ladder.go_to("2026-05-01T00:10:00+08:00");
    check_tiers(ctx).await.unwrap();
    assert_eq!((ladder.place(&member).await, warnings(&ladder).await), (2, 2));
    assert!(ladder.standing(&member).await.unwrap().ends_at.is_some());

    ladder.go_to("2026-05-15T00:10:00+08:00");
    ladder.buy(&other, 500_000).await;
    ladder.go_to("2026-05-21T00:09:59+08:00");
    check_tiers(ctx).await.unwrap();
    assert_eq!(ladder.place(&member).await, 2);
    ladder.go_to("2026-05-21T00:10:00+08:00");
    check_tiers(ctx).await.unwrap();

    assert_eq!((ladder.place(&member).await, ladder.place(&other).await), (1, 2));
    assert_eq!(ladder.standing(&other).await.unwrap().ends_at, None);
}

#[tokio::test]
async fn the_month_of_a_check_begins_at_midnight_of_the_shop() {
    let ladder = Ladder::open().await;
    let member = ladder.shop.member().await;
    ladder.buy(&member, 500_000).await;
    let mut looked_at = Vec::new();
    for at in ["2026-03-31T23:59:59+08:00", "2026-04-01T00:00:00+08:00", "2026-04-01T08:00:00+08:00"] {
        ladder.go_to(at);
        looked_at.push(check_tiers(ladder.shop.ctx()).await.unwrap());
    }

    assert_eq!(looked_at, [0, 1, 0]);
}

#[tokio::test]
async fn a_check_within_the_grace_does_not_lengthen_it() {
    let (ladder, member) = faded(TierPolicy { misses: 1, grace_days: 40, ..TierPolicy::default() }).await;
    let ctx = ladder.shop.ctx();
    let mut places = Vec::new();
    for at in ["2026-05-01T00:10:00+08:00", "2026-06-01T00:10:00+08:00", "2026-06-10T00:10:00+08:00"] {
        ladder.go_to(at);
        check_tiers(ctx).await.unwrap();
        places.push(ladder.place(&member).await);
    }

    assert_eq!(places, [2, 2, 1]);
}

#[tokio::test]
async fn everybody_above_the_lowest_tier_is_checked_however_many_they_are() {
    let ladder = Ladder::with(forms(), TierPolicy { misses: 1, ..TierPolicy::default() }, 0).await;
    let ctx = ladder.shop.ctx();
    let gold = |member: entity::member::Model| {
        let row = tier_standing::Model {
            member_id: member.id,
            tier_id: ladder.tiers[2],
            since: ctx.now(),
            misses: 0,
            checked_period: None,
            ends_at: None,
            frozen_until: None,
            updated_at: ctx.now(),
        };
        row.into_active_model()
    };
    let standings = ladder.shop.members(101).await.into_iter().map(gold);
    let insert = tier_standing::Entity::insert_many(standings);
    insert.exec_without_returning(ctx.db.writer()).await.unwrap();

    assert_eq!(check_tiers(ctx).await.unwrap(), 101);

    let fallen = tier_standing::Entity::find().filter(tier_standing::Column::TierId.eq(ladder.tiers[1]));
    assert_eq!(fallen.count(ctx.db.read()).await.unwrap(), 101);
}
