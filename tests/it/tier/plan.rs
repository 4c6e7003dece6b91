//! The planner counts who would sit where, and changes nothing.

use chrono::Duration;
use serde_json::json;
use service::tier::{PlannedTier, SetTier, plan_tiers, set_tier};

use super::shop::Ladder;

#[tokio::test]
async fn a_set_of_thresholds_shows_who_would_move_and_whether_the_top_is_too_full() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let members = shop.members(10).await;
    for (member, fen) in members.iter().zip([500_000, 100_000, 80_000, 50_000]) {
        ladder.buy(member, fen).await;
    }
    let manager = shop.staff_token(service::states::StaffRole::StoreManager, Some(shop.store)).await;
    let plan = |body| shop.app.post("/v1/console/tiers/plan", body).with_bearer(&manager);

    let now = plan(json!({})).await.expect(200);
    assert_eq!(
        now["tiers"].as_array().unwrap().iter().map(|one| one["members"].clone()).collect::<Vec<_>>(),
        [8, 1, 1]
    );
    assert_eq!(
        (now["top_above_quota"].clone(), now["tiers"][2]["share_per_10000"].clone()),
        (json!(false), json!(1_000))
    );
    let tried = json!({ "tiers": [{ "name": "普卡" }, { "name": "银卡", "spend_fen": 50_000 }, { "name": "金卡", "spend_fen": 80_000, "visits": 9 }] });
    let tried = plan(tried).await.expect(200);

    assert_eq!(
        tried["tiers"].as_array().unwrap().iter().map(|one| one["members"].clone()).collect::<Vec<_>>(),
        [6, 1, 3]
    );
    assert_eq!(tried["top_above_quota"], true);
    let moves = tried["moves"].as_array().unwrap();
    let of = |from: &str, to: &str| {
        moves.iter().find(|one| one["from"] == from && one["to"] == to).map(|one| one["members"].clone())
    };
    assert_eq!(
        (of("普卡", "金卡"), of("银卡", "金卡"), of("普卡", "银卡")),
        (Some(json!(1)), Some(json!(1)), Some(json!(1)))
    );
    assert_eq!(ladder.place(&members[2]).await, 0);
}

#[tokio::test]
async fn a_tier_that_staff_gave_stays_in_a_plan_as_long_as_it_is_frozen() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    let command = SetTier {
        member_id: member.id,
        tier_id: ladder.tiers[2],
        frozen_until: Some(shop.ctx().now() + Duration::days(1)),
        reason: "贵宾".to_owned(),
    };
    set_tier(shop.ctx(), &shop.owner, command).await.unwrap();
    let members = async |tiers: Option<Vec<PlannedTier>>| {
        let plan = plan_tiers(shop.ctx(), &shop.owner, tiers).await.unwrap();
        plan.tiers.iter().map(|share| share.members).collect::<Vec<_>>()
    };
    let step = |name: &str, spend_fen| PlannedTier { name: name.to_owned(), spend_fen, visits: None };

    assert_eq!(members(None).await, [0, 0, 1]);
    let two = vec![step("普卡", None), step("银卡", Some(50_000))];
    assert_eq!(members(Some(two)).await, [0, 1], "it is the highest of a ladder with fewer");
    shop.app.clock.advance(Duration::days(2));
    assert_eq!(members(None).await, [1, 0, 0]);
}
