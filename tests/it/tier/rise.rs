//! Rising: at once with a settled purchase, with what the tier gives, once.

use chrono::Duration;
use entity::{notice, tier_change};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use service::points::{Expiry, PointsPolicy, keep_points};
use service::purchase::{Asked, RefundPurchase, end_return_periods, refund_purchase};
use service::tier::{Counts, TierPolicy, check_tiers, plan_tiers};

use super::shop::{Ladder, form, forms};
use crate::coupon::shop::money_off;
use crate::points::ledger::{balance, save, spend};

#[tokio::test]
async fn a_purchase_that_is_settled_raises_at_once_past_more_than_one_step() {
    let ladder = Ladder::open().await;
    let member = ladder.shop.member().await;
    ladder.buy(&member, 99_999).await;
    assert_eq!((ladder.place(&member).await, ladder.standing(&member).await), (0, None));

    ladder.buy(&member, 400_001).await;

    assert_eq!(ladder.place(&member).await, 2);
    let db = ladder.shop.ctx().db.read();
    assert_eq!(tier_change::Entity::find().count(db).await.unwrap(), 1);
    let told = notice::Entity::find().all(db).await.unwrap();
    assert_eq!((told.len(), told[0].kind.as_str()), (1, "tier_change"));
}

#[tokio::test]
async fn before_the_return_period_ends_a_purchase_counts_for_nothing() {
    let ladder = Ladder::with(forms(), TierPolicy::default(), 7).await;
    let ctx = ladder.shop.ctx();
    let member = ladder.shop.member().await;
    let first = ladder.buy(&member, 100_000).await;
    let second = ladder.buy(&member, 100_000).await;
    let command = |purchase_id, refund_no: &str| RefundPurchase {
        purchase_id,
        refund_no: refund_no.to_owned(),
        asked: Asked::All,
        reason: None,
    };
    refund_purchase(ctx, &ladder.shop.cashier, command(first.purchase.id, "R1")).await.unwrap();
    assert_eq!(ladder.place(&member).await, 0);

    ladder.shop.app.clock.advance(Duration::days(7));
    assert_eq!(end_return_periods(ctx).await.unwrap(), 1);
    assert_eq!(ladder.place(&member).await, 1);

    // A later refund takes nothing away at once; that is the monthly check's.
    refund_purchase(ctx, &ladder.shop.cashier, command(second.purchase.id, "R2")).await.unwrap();
    assert_eq!(ladder.place(&member).await, 1);
}

#[tokio::test]
async fn many_purchases_at_once_raise_once_and_give_the_tiers_coupon_once() {
    let mut tiers = forms();
    let ladder = Ladder::open().await;
    let template = ladder.shop.template(money_off()).await;
    for (form, id) in tiers.iter_mut().zip(&ladder.tiers) {
        form.id = Some(*id);
    }
    tiers[1].coupon_template_ids = vec![template];
    service::tier::save_tiers(ladder.shop.ctx(), &ladder.shop.owner, tiers).await.unwrap();
    let member = ladder.shop.member().await;

    join_all((0..8).map(|_| ladder.buy(&member, 20_000))).await;

    assert_eq!(ladder.place(&member).await, 1);
    let copies = ladder.shop.copies_of(template).await;
    assert_eq!((copies.len(), copies[0].source.as_str(), copies[0].member_id), (1, "tier", member.id));
}

#[tokio::test]
async fn a_coupon_that_is_sold_out_does_not_hold_up_the_tier() {
    let ladder = Ladder::open().await;
    let template =
        ladder.shop.template(service::coupon::template::TemplateForm { stock: 1, ..money_off() }).await;
    let mut tiers =
        vec![form("普卡", None, None), form("银卡", Some(100_000), None), form("金卡", Some(500_000), None)];
    for (form, id) in tiers.iter_mut().zip(&ladder.tiers) {
        form.id = Some(*id);
    }
    tiers[1].coupon_template_ids = vec![template];
    service::tier::save_tiers(ladder.shop.ctx(), &ladder.shop.owner, tiers).await.unwrap();
    let [first, second] = <[_; 2]>::try_from(ladder.shop.members(2).await).unwrap();

    ladder.buy(&first, 100_000).await;
    ladder.buy(&second, 100_000).await;

    assert_eq!((ladder.place(&first).await, ladder.place(&second).await), (1, 1));
    assert_eq!(ladder.shop.copies_of(template).await.len(), 1);
}

#[tokio::test]
async fn a_tier_multiplies_the_points_of_the_next_purchase() {
    let mut tiers = forms();
    tiers[1].points_percent = 200;
    let ladder = Ladder::with(tiers, TierPolicy::default(), 0).await;
    let member = ladder.shop.member().await;

    let first = ladder.buy(&member, 100_000).await;
    let second = ladder.buy(&member, 10_000).await;

    assert_eq!((first.earnings[0].points, second.earnings[0].points), (1_000, 200));
    assert_eq!(second.earnings[0].reasons, json!([{ "kind": "tier", "name": "银卡", "percent": 200 }]));
}

#[tokio::test]
async fn the_member_sees_what_is_missing_to_rise_and_to_stay_and_by_when() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    // With a token of its own each time: one does not live as long as a tier.
    let read = || async {
        let token = shop.token_of(member.id).await;
        shop.app.get("/v1/me/tier").with_bearer(&token).await.expect(200)
    };
    let before = read().await;
    assert_eq!(
        (before["tier"]["name"].clone(), before["progress"]["rise"]["missing_fen"].clone()),
        (json!("普卡"), json!(100_000))
    );
    assert_eq!(
        (before["progress"]["rise"]["by"].clone(), before["progress"]["stay"].clone()),
        (json!(null), json!(null))
    );

    ladder.buy(&member, 120_000).await;
    let seen = read().await["progress"].clone();

    assert_eq!(seen["rise"]["missing_fen"], 380_000);
    assert_eq!(seen["rise"]["missing_visits"], 49);
    // The purchase of 2 March 2026 leaves the window of twelve months a year later.
    assert_eq!(seen["rise"]["by"], "2027-03-02T02:00:00Z");
    assert_eq!(
        (seen["stay"]["missing_fen"].clone(), seen["stay"]["misses_left"].clone()),
        (json!(0), json!(3))
    );
    assert_eq!(seen["stay"]["check_at"], "2026-03-31T16:00:00Z");
    assert_eq!(
        (seen["window"]["spend_fen"].clone(), seen["since_change"]["visits"].clone()),
        (json!(120_000), json!(1))
    );

    shop.app.clock.set("2027-03-02T02:00:01Z".parse().unwrap());
    let later = read().await["progress"].clone();
    assert_eq!(
        (later["window"]["spend_fen"].clone(), later["lifetime"]["spend_fen"].clone()),
        (json!(0), json!(120_000))
    );
    assert_eq!(later["stay"]["missing_fen"], 100_000);
}

#[tokio::test]
async fn points_that_end_or_are_spent_take_nothing_of_the_tier() {
    let ladder = Ladder::open().await;
    let (shop, member) = (&ladder.shop, ladder.shop.member().await);
    let policy = PointsPolicy { return_days: 0, expiry: Expiry::Days { days: 1 }, ..PointsPolicy::default() };
    save(shop, policy).await;
    ladder.buy(&member, 100_000).await;
    spend(shop.ctx(), member.id, 400, "mall").await.unwrap();
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 600);

    shop.app.clock.advance(Duration::days(3));
    keep_points(shop.ctx()).await.unwrap();
    check_tiers(shop.ctx()).await.unwrap();
    let token = shop.token_of(member.id).await;
    let tier = shop.app.get("/v1/me/tier").with_bearer(&token).await.expect(200);

    assert_eq!(balance(shop.ctx(), member.id).await.balance, 0);
    assert_eq!(ladder.place(&member).await, 1);
    assert_eq!(
        tier["progress"]["window"]["spend_fen"], 100_000,
        "what counts is what was bought within the window"
    );
}

#[tokio::test]
async fn the_policy_says_which_of_the_three_numbers_counts() {
    for (counts, places) in
        [(Counts::Lifetime, [1, 2, 2]), (Counts::Window, [0, 1, 2]), (Counts::SinceChange, [1, 1, 2])]
    {
        let policy = TierPolicy { counts, window_months: 1, ..TierPolicy::default() };
        let ladder = Ladder::with(forms(), policy, 0).await;
        let member = ladder.shop.member().await;
        ladder.buy(&member, 60_000).await;
        let mut reached = Vec::new();
        // The second purchase raises; one that raises is itself of the time since.
        for (at, fen) in [
            ("2026-05-02T10:00:00+08:00", 60_000),
            ("2026-05-03T10:00:00+08:00", 430_000),
            ("2026-05-04T10:00:00+08:00", 10_000),
        ] {
            ladder.go_to(at);
            ladder.buy(&member, fen).await;
            reached.push(ladder.place(&member).await);
        }
        assert_eq!(reached, places, "{counts:?}");
    }
}

#[tokio::test]
async fn what_was_given_back_counts_neither_as_spend_nor_as_a_visit() {
    let tiers = vec![form("普卡", None, None), form("银卡", Some(100_000), Some(2))];
    let ladder = Ladder::with(tiers, TierPolicy::default(), 0).await;
    let (ctx, member) = (ladder.shop.ctx(), ladder.shop.member().await);
    let give_back = async |purchase_id, asked| {
        let command = RefundPurchase { purchase_id, refund_no: format!("{asked:?}"), asked, reason: None };
        refund_purchase(ctx, &ladder.shop.cashier, command).await.unwrap();
    };
    let whole = ladder.buy(&member, 60_000).await;
    give_back(whole.purchase.id, Asked::All).await;
    let part = ladder.buy(&member, 99_999).await;
    give_back(part.purchase.id, Asked::Amount(50_000)).await;
    assert_eq!(ladder.place(&member).await, 0);

    ladder.buy(&member, 1).await;

    assert_eq!(ladder.place(&member).await, 1, "two visits are left, of 500.00 together");
}

#[tokio::test]
async fn while_one_purchase_is_settled_another_that_can_be_returned_does_not_count() {
    let ladder = Ladder::with(forms(), TierPolicy::default(), 7).await;
    let (shop, member) = (&ladder.shop, ladder.shop.member().await);
    ladder.buy(&member, 50_000).await;
    shop.app.clock.advance(Duration::days(3));
    ladder.buy(&member, 50_000).await;

    let mut settled = Vec::new();
    for days in [4, 3] {
        shop.app.clock.advance(Duration::days(days));
        let ended = end_return_periods(shop.ctx()).await.unwrap();
        settled.push((ended, ladder.place(&member).await));
    }

    assert_eq!(settled, [(1, 0), (1, 1)]);
}

#[tokio::test]
async fn a_plan_counts_what_is_settled_kept_and_within_the_window() {
    let ladder = Ladder::with(forms(), TierPolicy { window_months: 1, ..TierPolicy::default() }, 7).await;
    let shop = &ladder.shop;
    let [long_ago, pending, given_back, counted] = <[_; 4]>::try_from(shop.members(4).await).unwrap();
    ladder.buy(&long_ago, 100_000).await;
    ladder.go_to("2026-04-10T10:00:00+08:00");
    ladder.buy(&counted, 100_000).await;
    let part = ladder.buy(&given_back, 100_000).await;
    let command = RefundPurchase {
        purchase_id: part.purchase.id,
        refund_no: "R1".to_owned(),
        asked: Asked::Amount(1),
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, command).await.unwrap();
    ladder.go_to("2026-04-20T10:00:00+08:00");
    ladder.buy(&pending, 100_000).await;

    let plan = plan_tiers(shop.ctx(), &shop.owner, None).await.unwrap();

    assert_eq!(plan.tiers.iter().map(|share| share.members).collect::<Vec<_>>(), [3, 1, 0]);
}
