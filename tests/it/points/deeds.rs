//! Points without a purchase: check-in, invitation, survey, and sharing, which ships off.

use chrono::Duration;
use futures_util::future::join_all;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use service::points::earn::{EarnConditions, EarnRule, Effect};
use service::points::{CheckInPolicy, InviteAct, InvitePolicy, PointsPolicy, Streak, check_in};
use service::purchase::{
    self, Asked, Customer, RecordPurchase, RefundPurchase, record_purchase, refund_purchase,
};

use super::ledger::{audit, balance, save};
use crate::coupon::shop::Shop;

fn daily() -> PointsPolicy {
    let streaks = vec![Streak { days: 3, points: 10 }, Streak { days: 6, points: 50 }];
    PointsPolicy { check_in: Some(CheckInPolicy { points: 2, streaks }), ..PointsPolicy::default() }
}

#[tokio::test]
async fn a_check_in_counts_once_a_day_however_often_it_is_tapped() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let token = shop.token_of(member.id).await;
    shop.app.post("/v1/me/check-ins", json!({})).with_bearer(&token).await.expect_refusal("check_in_closed");
    save(&shop, daily()).await;

    let taps = join_all((0..8).map(|_| check_in(shop.ctx(), member.id))).await;

    assert!(taps.iter().all(|tap| tap.as_ref().unwrap().points == 2));
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 2);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_streak_is_rewarded_on_the_day_that_completes_it_and_a_gap_ends_it() {
    let shop = Shop::open().await;
    save(&shop, daily()).await;
    let member = shop.member().await;

    let mut points = Vec::new();
    for day in 0..8 {
        if day == 7 {
            shop.app.clock.advance(Duration::days(1));
        }
        let row = check_in(shop.ctx(), member.id).await.unwrap();
        points.push((row.streak, row.points));
        shop.app.clock.advance(Duration::days(1));
    }

    assert_eq!(points, [(1, 2), (2, 2), (3, 12), (4, 2), (5, 2), (6, 52), (7, 2), (1, 2)]);
}

#[tokio::test]
async fn the_day_of_a_check_in_ends_at_midnight_of_the_shop() {
    let shop = Shop::open().await;
    save(&shop, daily()).await;
    let member = shop.member().await;

    let mut days = Vec::new();
    for at in ["2026-03-02T23:59:59+08:00", "2026-03-03T00:00:00+08:00", "2026-03-03T08:00:00+08:00"] {
        shop.app.clock.set(at.parse().unwrap());
        let row = check_in(shop.ctx(), member.id).await.unwrap();
        days.push((row.day.to_string(), row.streak));
    }

    let second = ("2026-03-03".to_owned(), 2);
    assert_eq!(days, [("2026-03-02".to_owned(), 1), second.clone(), second]);
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 4);
}

fn inviting(reward_on: InviteAct) -> PointsPolicy {
    let invite = InvitePolicy {
        reward_on,
        inviter_points: 100,
        invited_points: 20,
        least_fen: 1_000,
        most_in_30_days: 1,
    };
    PointsPolicy { invite: Some(invite), ..PointsPolicy::default() }
}

async fn buy(shop: &Shop, card_number: &str, order_no: &str, total_fen: i64) {
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(card_number.to_owned()),
        order_no: order_no.to_owned(),
        total_fen,
        purchased_at: None,
        lines: Vec::new(),
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_rewarded_when_the_invited_persons_first_purchase_is_settled() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::FirstPurchase)).await;
    let [inviter, invited, other] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    let token = shop.token_of(invited.id).await;
    let name =
        |card: &str| shop.app.post("/v1/me/invitation", json!({ "card_number": card })).with_bearer(&token);
    name(&invited.card_number).await.expect_refusal("invite_self");
    name("0000").await.expect(422);
    let joined: Value = name(&inviter.card_number).await.expect(201);
    assert_eq!(joined["state"], "joined");
    assert_eq!(name(&inviter.card_number).await.expect(201), joined);
    name(&other.card_number).await.expect_refusal("invite_taken");

    buy(&shop, &invited.card_number, "O1", 900).await;
    buy(&shop, &invited.card_number, "O2", 1_000).await;
    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 0);
    shop.app.clock.advance(Duration::days(7));
    purchase::end_return_periods(shop.ctx()).await.unwrap();

    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 100);
    assert_eq!(balance(shop.ctx(), invited.id).await.balance, 20 + 9 + 10);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_first_purchase_that_was_given_back_rewards_nobody() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::FirstPurchase)).await;
    let [inviter, invited] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    service::points::accept_invitation(shop.ctx(), invited.id, &inviter.card_number).await.unwrap();
    buy(&shop, &invited.card_number, "O1", 5_000).await;
    let bought = entity::purchase::Entity::find().one(shop.ctx().db.read()).await.unwrap().unwrap();
    let part = |refund_no: &str, fen| RefundPurchase {
        purchase_id: bought.id,
        refund_no: refund_no.to_owned(),
        asked: Asked::Amount(fen),
        reason: None,
    };
    // What is left is below the least that is rewarded.
    refund_purchase(shop.ctx(), &shop.cashier, part("R1", 4_001)).await.unwrap();
    shop.app.clock.advance(Duration::days(7));
    assert_eq!(purchase::end_return_periods(shop.ctx()).await.unwrap(), 1);
    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 0);

    buy(&shop, &invited.card_number, "O2", 1_000).await;
    shop.app.clock.advance(Duration::days(7));
    let ends = join_all((0..3).map(|_| purchase::end_return_periods(shop.ctx()))).await;
    assert!(ends.iter().all(Result::is_ok));
    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 100);
}

#[tokio::test]
async fn an_order_that_was_given_back_whole_rewards_nobody_though_any_amount_would_do() {
    let shop = Shop::open().await;
    let policy = inviting(InviteAct::FirstPurchase);
    let invite = policy.invite.map(|invite| InvitePolicy { least_fen: 0, ..invite });
    save(&shop, PointsPolicy { invite, ..policy }).await;
    let [inviter, invited] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    service::points::accept_invitation(shop.ctx(), invited.id, &inviter.card_number).await.unwrap();
    buy(&shop, &invited.card_number, "O1", 5_000).await;
    let bought = entity::purchase::Entity::find().one(shop.ctx().db.read()).await.unwrap().unwrap();
    let command = RefundPurchase {
        purchase_id: bought.id,
        refund_no: "R1".to_owned(),
        asked: Asked::All,
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, command).await.unwrap();

    shop.app.clock.advance(Duration::days(7));
    purchase::end_return_periods(shop.ctx()).await.unwrap();

    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 0);
}

#[tokio::test]
async fn an_inviter_who_was_disabled_meanwhile_is_not_rewarded_and_neither_is_who_was_brought() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::FirstPurchase)).await;
    let [inviter, invited] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    service::points::accept_invitation(shop.ctx(), invited.id, &inviter.card_number).await.unwrap();
    buy(&shop, &invited.card_number, "O1", 1_000).await;
    shop.disable(&inviter).await;

    shop.app.clock.advance(Duration::days(7));
    purchase::end_return_periods(shop.ctx()).await.unwrap();

    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 0);
    assert_eq!(balance(shop.ctx(), invited.id).await.balance, 10);
}

#[tokio::test]
async fn an_inviter_is_rewarded_no_more_often_than_allowed_though_all_join_at_once() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::Join)).await;
    let members = shop.members(6).await;
    let (inviter, invited) = members.split_first().unwrap();

    let joins = invited
        .iter()
        .map(|member| service::points::accept_invitation(shop.ctx(), member.id, &inviter.card_number));
    assert!(join_all(joins).await.iter().all(Result::is_ok));

    assert_eq!(balance(shop.ctx(), inviter.id).await.balance, 100);
    let token = shop.token_of(inviter.id).await;
    let seen = shop.app.get("/v1/me/invitations").with_bearer(&token).await.expect(200);
    let states =
        seen["items"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned());
    assert_eq!(states.filter(|state| state == "void").count(), 4);
}

#[tokio::test]
async fn two_can_not_invite_each_other_and_an_old_member_was_not_brought() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::Join)).await;
    let [first, second, old] = <[_; 3]>::try_from(shop.members(3).await).unwrap();
    service::points::accept_invitation(shop.ctx(), first.id, &second.card_number).await.unwrap();

    let mutual = service::points::accept_invitation(shop.ctx(), second.id, &first.card_number).await;
    shop.app.clock.advance(Duration::days(8));
    let late = service::points::accept_invitation(shop.ctx(), old.id, &first.card_number).await;

    let refused = |answer: &service::Result<_>| {
        matches!(answer, Err(service::Error::Refused(service::Refusal::InviteNotNew)))
    };
    assert!(refused(&mutual) && refused(&late));
}

#[tokio::test]
async fn who_has_bought_before_was_not_brought() {
    let shop = Shop::open().await;
    save(&shop, inviting(InviteAct::FirstPurchase)).await;
    let [inviter, customer] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    buy(&shop, &customer.card_number, "O1", 1_000).await;

    let late = service::points::accept_invitation(shop.ctx(), customer.id, &inviter.card_number).await;

    assert!(matches!(late, Err(service::Error::Refused(service::Refusal::InviteNotNew))));
}

#[tokio::test]
async fn sharing_is_off_and_is_turned_on_only_by_who_has_read_the_warning() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let (mine, owner) = (shop.token_of(member.id).await, shop.owner_token().await);
    let share = || shop.app.post("/v1/me/shares", json!({})).with_bearer(&mine);
    share().await.expect_refusal("sharing_off");
    let save = |sharing| {
        shop.app.put("/v1/console/points/policy", json!({ "sharing": sharing })).with_bearer(&owner)
    };

    let unread = save(json!({ "enabled": true, "points": 5 })).await.expect(422);
    assert_eq!(unread["errors"][0]["field"], "sharing.warning_read");
    let saved = save(json!({ "enabled": true, "points": 5, "warning_read": true })).await.expect(200);
    assert!(saved["sharing_warning"].as_str().unwrap().contains("微信禁止"));

    assert_eq!(share().await.expect(201)["points"], 5);
    assert_eq!(share().await.expect(201)["points"], 0);
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 5);
}

#[tokio::test]
async fn a_survey_is_answered_once_and_its_questions_stay_from_then_on() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let (mine, owner) = (shop.token_of(member.id).await, shop.owner_token().await);
    let mut body = json!({
        "name": "口味", "points": 30, "state": "published",
        "questions": [{ "text": "最爱", "choices": ["茶", "咖啡"] }, { "text": "为什么" }],
    });
    let made = shop.app.post("/v1/console/surveys", &body).with_bearer(&owner).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/me/surveys/{id}/answers");
    let answer = |answers| shop.app.post(&path, json!({ "answers": answers })).with_bearer(&mine);
    let open = shop.app.get("/v1/me/surveys").with_bearer(&mine).await.expect(200);
    assert_eq!(open["items"][0]["questions"][0]["choices"][1], "咖啡");

    let wrong = answer(json!(["水", "渴"])).await.expect(422);
    assert_eq!(wrong["errors"][0]["field"], "answers[0]");
    let taps = join_all((0..5).map(|_| async { answer(json!(["茶", "香"])).await.expect(201) })).await;
    assert!(taps.iter().all(|tap| tap["points"] == 30));
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 30);

    body["questions"] = json!([{ "text": "别的" }]);
    let change = |body: &Value| shop.app.put(&format!("/v1/console/surveys/{id}"), body).with_bearer(&owner);
    change(&body).await.expect_refusal("survey_has_answers");
    body["questions"] = json!([{ "text": "最爱", "choices": ["茶", "咖啡"] }, { "text": "为什么" }]);
    body["points"] = json!(50);
    change(&body).await.expect(200);
    assert_eq!(answer(json!(["茶", "香"])).await.expect(201)["points"], 30, "as the first time");
    body["state"] = json!("withdrawn");
    change(&body).await.expect(200);
    let other = shop.token_of(shop.member().await.id).await;
    let late = shop.app.post(&path, json!({ "answers": ["茶", "香"] })).with_bearer(&other).await;
    late.expect_refusal("survey_closed");
}

#[tokio::test]
async fn a_member_is_told_what_earns_points_by_the_rules_in_force() {
    let shop = Shop::open().await;
    let mine = shop.token_of(shop.member().await.id).await;
    let earning = async || shop.app.get("/v1/me/earning").with_bearer(&mine).await.expect(200);
    let before = earning().await;
    let today = service::calendar::local_date(shop.ctx().now(), shop.ctx().settings.timezone);
    let rule = |name: &str, effect: Effect, until| EarnRule {
        name: name.to_owned(),
        when: EarnConditions { until, ..EarnConditions::default() },
        effect,
    };
    let rules = vec![
        rule("会员日双倍", Effect::Percent(200), Some(today)),
        rule("去年的活动", Effect::Percent(300), today.pred_opt()),
        rule("礼品卡不积分", Effect::Exclude, None),
    ];
    let PointsPolicy { check_in, .. } = daily();
    save(&shop, PointsPolicy { per_yuan: 2, rules, check_in, ..inviting(InviteAct::FirstPurchase) }).await;

    let after = earning().await;

    assert_eq!((&before["per_yuan"], &before["return_days"]), (&json!(1), &json!(7)));
    assert_eq!(
        (&before["check_in"], &before["invite"], &before["tier"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(before["expiry"], json!({ "kind": "year_end", "after_years": 1 }));
    assert_eq!(after["per_yuan"], 2);
    assert_eq!(
        after["bonuses"],
        json!([
            { "name": "会员日双倍", "percent": 200, "until": today },
            { "name": "礼品卡不积分", "percent": null, "until": null },
        ])
    );
    assert_eq!(after["check_in"]["streaks"][1], json!({ "days": 6, "points": 50 }));
    assert_eq!(
        (&after["invite"]["inviter_points"], &after["invite"]["least_fen"]),
        (&json!(100), &json!(1_000))
    );
}
