//! Points of two records that become one: nothing is lost or made, every account adds up, what is once per person stays once.

use chrono::Duration;
use entity::states::{InvitationState, PointsKind};
use entity::{check_in as check_in_row, invitation, survey_answer};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;
use service::ids::MemberId;
use service::points::{
    CheckInPolicy, InviteAct, InvitePolicy, PointsPolicy, accept_invitation, check_in, check_points,
};
use service::purchase::{
    self, Asked, Customer, RecordPurchase, RecordedPurchase, RefundPurchase, record_purchase, refund_purchase,
};

use super::ledger::{audit, balance, give, reverse, save, spend};
use crate::coupon::shop::Shop;

async fn adds_up(shop: &Shop) {
    audit(shop.ctx()).await;
    assert_eq!(check_points(shop.ctx()).await.unwrap().differences, []);
}

async fn buy(shop: &Shop, card_number: &str, order_no: &str, total_fen: i64) -> RecordedPurchase {
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(card_number.to_owned()),
        order_no: order_no.to_owned(),
        total_fen,
        purchased_at: None,
        lines: Vec::new(),
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap()
}

async fn give_back(shop: &Shop, bought: &RecordedPurchase, fen: i64) {
    let command = RefundPurchase {
        purchase_id: bought.purchase.id,
        refund_no: format!("R-{}", bought.purchase.order_no),
        asked: Asked::Amount(fen),
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, command).await.unwrap();
}

#[tokio::test]
async fn balances_pending_points_and_lots_of_both_are_one_account_and_the_ledger_tells_why() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    give(shop.ctx(), &elder, 100, Some(30)).await;
    give(shop.ctx(), &younger, 50, Some(10)).await;
    spend(shop.ctx(), younger.id, 20, "E1").await.unwrap();
    buy(&shop, &elder.card_number, "O1", 4_000).await;
    let bought = buy(&shop, &younger.card_number, "O2", 7_000).await;

    shop.merge(elder.id, younger.id).await;

    let held = balance(shop.ctx(), elder.id).await;
    assert_eq!((held.balance, held.pending), (130, 110));
    let points: Vec<i64> = held.expiring.iter().map(|(_, points)| *points).collect();
    assert_eq!(points, [30, 100], "each lot keeps its end");
    let left = balance(shop.ctx(), younger.id).await;
    assert_eq!((left.balance, left.pending), (0, 0));
    adds_up(&shop).await;
    let token = shop.token_of(elder.id).await;
    let statement = shop.app.get("/v1/me/points").with_bearer(&token).await.expect(200);
    let lines = statement["items"].as_array().unwrap();
    let kinds: Vec<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == PointsKind::Merge.as_str()).count(), 2);
    assert_eq!(lines.len(), 7, "what happened to the other record is told too: {statement}");

    // What was spent and bought by the record that is gone is taken back from who stays.
    assert!(reverse(shop.ctx(), elder.id, "E1").await);
    give_back(&shop, &bought, 7_000).await;
    let held = balance(shop.ctx(), elder.id).await;
    assert_eq!((held.balance, held.pending), (150, 40));
    shop.app.clock.advance(Duration::days(7));
    purchase::end_return_periods(shop.ctx()).await.unwrap();
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 190);
    adds_up(&shop).await;
}

/// A record that owes 30 points.
async fn in_debt(shop: &Shop, record: &entity::member::Model, order_no: &str) {
    let bought = buy(shop, &record.card_number, order_no, 3_000).await;
    spend(shop.ctx(), record.id, 30, &format!("all-{order_no}")).await.unwrap();
    give_back(shop, &bought, 3_000).await;
    assert_eq!(balance(shop.ctx(), record.id).await.balance, -30);
}

#[tokio::test]
async fn what_one_record_owes_the_other_ones_points_pay() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { return_days: 0, ..PointsPolicy::default() }).await;
    for (order_no, elder_owes) in [("O1", true), ("O2", false)] {
        let [elder, younger] = shop.two_records().await;
        let (owing, rich) = if elder_owes { (&elder, &younger) } else { (&younger, &elder) };
        in_debt(&shop, owing, order_no).await;
        give(shop.ctx(), rich, 100, None).await;

        shop.merge(elder.id, younger.id).await;

        assert_eq!(balance(shop.ctx(), elder.id).await.balance, 70);
        assert_eq!(spend(shop.ctx(), elder.id, 70, &format!("rest-{order_no}")).await, Ok(true));
        adds_up(&shop).await;
    }
    let [elder, younger] = shop.two_records().await;
    in_debt(&shop, &elder, "O3").await;
    in_debt(&shop, &younger, "O4").await;
    shop.merge(elder.id, younger.id).await;
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, -60);
    adds_up(&shop).await;
}

#[tokio::test]
async fn gifts_spendings_and_purchases_under_way_while_two_are_merged_all_count_once() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { return_days: 0, ..PointsPolicy::default() }).await;
    for round in 0..4 {
        let [elder, younger] = shop.two_records().await;
        for record in [&elder, &younger] {
            give(shop.ctx(), record, 100, None).await;
        }
        let orders: Vec<String> = (0..3).map(|number| format!("O{round}-{number}")).collect();

        let giving = join_all((0..3).map(|_| give(shop.ctx(), &younger, 10, None)));
        let names: Vec<String> = (0..6).map(|number| format!("S{round}-{number}")).collect();
        let records = [elder.id, younger.id].into_iter().cycle();
        let spending =
            join_all(names.iter().zip(records).map(|(name, record)| spend(shop.ctx(), record, 20, name)));
        let buying = join_all(orders.iter().map(|order| buy(&shop, &younger.card_number, order, 1_000)));
        let (_, spent, _, kept) = tokio::join!(giving, spending, buying, shop.merge(elder.id, younger.id));

        assert!(spent.iter().all(|one| *one == Ok(true)), "{spent:?}");
        assert_eq!(balance(shop.ctx(), kept).await.balance, 200 + 30 - 120 + 30);
        adds_up(&shop).await;
    }
}

#[tokio::test]
async fn of_a_day_on_which_both_checked_in_the_longer_streak_goes_on() {
    let shop = Shop::open().await;
    let policy = CheckInPolicy { points: 2, streaks: Vec::new() };
    save(&shop, PointsPolicy { check_in: Some(policy), ..PointsPolicy::default() }).await;
    let [elder, younger] = shop.two_records().await;
    for _ in 0..3 {
        check_in(shop.ctx(), younger.id).await.unwrap();
        shop.app.clock.advance(Duration::days(1));
    }
    for record in [&elder, &younger] {
        check_in(shop.ctx(), record.id).await.unwrap();
    }

    shop.merge(elder.id, younger.id).await;

    assert_eq!(check_in_row::Entity::find().count(shop.ctx().db.read()).await.unwrap(), 4);
    let again = check_in(shop.ctx(), younger.id).await.unwrap();
    assert_eq!((again.member_id, again.streak), (elder.id, 4), "the day has its check-in");
    shop.app.clock.advance(Duration::days(1));
    assert_eq!(check_in(shop.ctx(), elder.id).await.unwrap().streak, 5);
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 12);
    adds_up(&shop).await;
}

#[tokio::test]
async fn what_is_once_per_person_is_not_done_again_by_the_other_record() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let sharing = json!({ "sharing": { "enabled": true, "points": 5, "warning_read": true } });
    shop.app.put("/v1/console/points/policy", sharing).with_bearer(&owner).await.expect(200);
    let body =
        json!({ "name": "口味", "points": 30, "state": "published", "questions": [{ "text": "最爱" }] });
    let survey = shop.app.post("/v1/console/surveys", body).with_bearer(&owner).await.expect(201);
    let answers = format!("/v1/me/surveys/{}/answers", survey["id"].as_str().unwrap());
    let [elder, younger] = shop.two_records().await;
    let (first, second) = (shop.token_of(elder.id).await, shop.token_of(younger.id).await);
    shop.app.post("/v1/me/shares", json!({})).with_bearer(&second).await.expect(201);
    for (token, answer) in [(&first, "茶"), (&second, "咖啡")] {
        shop.app.post(&answers, json!({ "answers": [answer] })).with_bearer(token).await.expect(201);
    }

    shop.merge(elder.id, younger.id).await;

    let share = shop.app.post("/v1/me/shares", json!({})).with_bearer(&first).await.expect(201);
    assert_eq!(share["points"], 0, "the person has shared today");
    let kept = survey_answer::Entity::find().all(shop.ctx().db.read()).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].member_id, &kept[0].answers), (elder.id, &json!(["茶"])));
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 65);
    adds_up(&shop).await;
}

async fn invitation_of(shop: &Shop, invited: MemberId) -> Option<(InvitationState, MemberId)> {
    let row = invitation::Entity::find_by_id(invited).one(shop.ctx().db.read()).await.unwrap();
    row.map(|row| (row.state, row.inviter_id))
}

#[tokio::test]
async fn a_person_is_brought_once_and_by_somebody_else() {
    let shop = Shop::open().await;
    let invite = InvitePolicy {
        reward_on: InviteAct::FirstPurchase,
        inviter_points: 100,
        invited_points: 20,
        least_fen: 0,
        most_in_30_days: 10,
    };
    save(&shop, PointsPolicy { invite: Some(invite), return_days: 0, ..PointsPolicy::default() }).await;
    let accept = |invited: MemberId, card: String| {
        let shop = &shop;
        async move { accept_invitation(shop.ctx(), invited, &card).await }
    };

    // The younger record was brought by a third member, who was brought by the elder's other record.
    let [elder, younger] = shop.two_records().await;
    let third = shop.member().await;
    accept(younger.id, third.card_number.clone()).await.unwrap();
    accept(third.id, elder.card_number.clone()).await.unwrap();
    shop.merge(elder.id, younger.id).await;
    assert_eq!(invitation_of(&shop, elder.id).await, Some((InvitationState::Joined, third.id)));
    buy(&shop, &younger.card_number, "O1", 1_000).await;
    assert_eq!(balance(shop.ctx(), third.id).await.balance, 100);

    // Both records were brought: the one that was paid for counts, the other is void.
    let [elder, younger] = shop.two_records().await;
    let inviters = shop.members(2).await;
    accept(elder.id, inviters[0].card_number.clone()).await.unwrap();
    accept(younger.id, inviters[1].card_number.clone()).await.unwrap();
    buy(&shop, &younger.card_number, "O2", 1_000).await;
    shop.merge(elder.id, younger.id).await;
    buy(&shop, &elder.card_number, "O3", 1_000).await;
    assert_eq!(invitation_of(&shop, elder.id).await, Some((InvitationState::Void, inviters[0].id)));
    assert_eq!(balance(shop.ctx(), inviters[0].id).await.balance, 0);
    assert_eq!(balance(shop.ctx(), inviters[1].id).await.balance, 100);

    // One record brought the other: nobody is their own inviter.
    let [elder, younger] = shop.two_records().await;
    accept(younger.id, elder.card_number.clone()).await.unwrap();
    shop.merge(elder.id, younger.id).await;
    buy(&shop, &elder.card_number, "O4", 1_000).await;
    assert_eq!(invitation_of(&shop, younger.id).await, Some((InvitationState::Void, elder.id)));
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 10);

    // A reward that waits goes to who answers for the inviter.
    let [elder, younger] = shop.two_records().await;
    let brought = shop.member().await;
    accept(brought.id, younger.card_number.clone()).await.unwrap();
    shop.merge(elder.id, younger.id).await;
    let late = shop.member().await;
    accept(late.id, younger.card_number.clone()).await.unwrap();
    for (order_no, member) in [("O5", &brought), ("O6", &late)] {
        buy(&shop, &member.card_number, order_no, 1_000).await;
    }
    assert_eq!(balance(shop.ctx(), elder.id).await.balance, 200);
    adds_up(&shop).await;
}
