//! What bounds how many copies go out: of a day, per member and day, by the budget.

use chrono::Duration;
use futures_util::future::join_all;
use service::coupon::template::TemplateForm;
use service::coupon::{HeldCoupon, claim};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

fn refusals(outcomes: &[Result<HeldCoupon, Error>]) -> Vec<Option<Refusal>> {
    outcomes.iter().map(|one| one.as_ref().err().and_then(Error::refusal)).collect()
}

#[tokio::test]
async fn a_days_stock_ends_with_the_day_and_comes_back_with_the_next() {
    let shop = Shop::open().await;
    let members = shop.members(40).await;
    let template = shop.template(TemplateForm { daily_stock: Some(10), ..money_off() }).await;
    let all = |from: usize, to: usize| {
        join_all(members[from..to].iter().map(|member| claim(shop.ctx(), member, template)))
    };

    let today = all(0, 20).await;
    shop.app.clock.advance(Duration::days(1));
    let tomorrow = all(20, 40).await;

    for day in [today, tomorrow] {
        let refused = refusals(&day);
        assert_eq!(refused.iter().filter(|one| one.is_none()).count(), 10);
        assert_eq!(refused.iter().filter(|one| **one == Some(Refusal::CouponSoldOutToday)).count(), 10);
    }
    assert_eq!(shop.read_template(template).await.taken, 20);
}

#[tokio::test]
async fn a_member_takes_no_more_in_a_day_than_the_days_limit() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let form = TemplateForm { limit_per_member: 3, limit_per_day: Some(1), ..money_off() };
    let template = shop.template(form).await;

    let first = join_all((0..5).map(|_| claim(shop.ctx(), &member, template))).await;
    shop.app.clock.advance(Duration::days(1));
    let second = claim(shop.ctx(), &member, template).await;

    let refused = refusals(&first);
    assert_eq!(refused.iter().filter(|one| **one == Some(Refusal::CouponDailyLimitReached)).count(), 4);
    assert!(second.is_ok());
}

#[tokio::test]
async fn no_more_copies_go_out_than_the_budget_pays_for() {
    let shop = Shop::open().await;
    let members = shop.members(20).await;
    let form = TemplateForm { cost_fen: 300, budget_fen: Some(2_000), ..money_off() };
    let template = shop.template(form).await;

    let outcomes = join_all(members.iter().map(|member| claim(shop.ctx(), member, template))).await;

    let refused = refusals(&outcomes);
    assert_eq!(refused.iter().filter(|one| one.is_none()).count(), 6);
    assert_eq!(refused.iter().filter(|one| **one == Some(Refusal::CouponSoldOut)).count(), 14);
}

#[tokio::test]
async fn a_day_ends_at_midnight_of_the_shop() {
    let shop = Shop::open().await;
    let members = shop.members(2).await;
    let of_a_day =
        shop.template(TemplateForm { daily_stock: Some(1), limit_per_member: 9, ..money_off() }).await;
    let per_member = TemplateForm { limit_per_day: Some(1), limit_per_member: 9, ..money_off() };
    let per_member = shop.template(per_member).await;
    let mut refused = Vec::new();
    for at in ["2026-03-02T23:59:50+08:00", "2026-03-03T00:00:00+08:00", "2026-03-03T08:00:00+08:00"] {
        shop.app.clock.set(at.parse().unwrap());
        refused.push([
            claim(shop.ctx(), &members[0], of_a_day).await,
            claim(shop.ctx(), &members[1], per_member).await,
        ]);
    }

    let refused: Vec<_> = refused.iter().map(|of_one_time| refusals(of_one_time)).collect();
    let again = [Some(Refusal::CouponSoldOutToday), Some(Refusal::CouponDailyLimitReached)];
    assert_eq!(refused, [[None, None], [None, None], again]);
}
