//! A tier given by hand stays until its date, whatever purchases and checks say.

use serde_json::json;
use service::tier::{SetTier, TierPolicy, check_tiers, set_tier};

use super::shop::{Ladder, forms};

#[tokio::test]
async fn neither_a_purchase_nor_a_check_moves_it_before_its_date() {
    let policy = TierPolicy { misses: 1, window_months: 1, ..TierPolicy::default() };
    let ladder = Ladder::with(forms(), policy, 0).await;
    let ctx = ladder.shop.ctx();
    let member = ladder.shop.member().await;
    let until = "2026-06-15T00:00:00+08:00".parse().unwrap();
    let command = SetTier {
        member_id: member.id,
        tier_id: ladder.tiers[1],
        frozen_until: Some(until),
        reason: "贵宾".to_owned(),
    };
    set_tier(ctx, &ladder.shop.owner, command).await.unwrap();

    ladder.buy(&member, 500_000).await;
    assert_eq!(ladder.place(&member).await, 1);
    for at in ["2026-05-01T00:10:00+08:00", "2026-06-01T00:10:00+08:00"] {
        ladder.go_to(at);
        check_tiers(ctx).await.unwrap();
        let standing = ladder.standing(&member).await.unwrap();
        assert_eq!((ladder.place(&member).await, standing.misses), (1, 0));
    }
    ladder.go_to("2026-07-01T00:10:00+08:00");
    check_tiers(ctx).await.unwrap();

    assert_eq!(ladder.place(&member).await, 0);
}

#[tokio::test]
async fn the_console_gives_it_with_a_reason_and_shows_the_history() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    let owner = shop.owner_token().await;
    let path = format!("/v1/console/members/{}/tier", member.id);
    let give = |body| shop.app.post(&path, body).with_bearer(&owner);

    give(json!({ "tier_id": ladder.tiers[2], "reason": "贵宾", "frozen_until": "2026-03-01T00:00:00Z" }))
        .await
        .expect_invalid("frozen_until");
    give(json!({ "tier_id": member.id, "reason": "贵宾" })).await.expect_invalid("tier_id");
    give(json!({ "tier_id": ladder.tiers[2], "reason": "贵宾" })).await.expect(201);

    let seen = shop.app.get(&path).with_bearer(&owner).await.expect(200);
    assert_eq!(seen["tier"]["name"], "金卡");
    let history = shop.app.get(&format!("{path}-changes")).with_bearer(&owner).await.expect(200);
    let change = &history["items"][0];
    assert_eq!((change["kind"].clone(), change["note"].clone()), (json!("manual"), json!("贵宾")));
}
