//! The ladder is saved and checked as a whole.

use serde_json::{Value, json};

use super::shop::Ladder;
use crate::coupon::shop::Shop;

#[tokio::test]
async fn what_is_wrong_is_told_by_its_path() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let save =
        |tiers: Value| shop.app.put("/v1/console/tiers", json!({ "tiers": tiers })).with_bearer(&owner);
    let cases = [
        (json!([]), "tiers"),
        (json!([{ "name": "普卡", "spend_fen": 1 }]), "tiers[0].spend_fen"),
        (json!([{ "name": "普卡" }, { "name": "普卡", "spend_fen": 1 }]), "tiers[1].name"),
        (
            json!([{ "name": "a" }, { "name": "b", "spend_fen": 5 }, { "name": "c", "spend_fen": 5 }]),
            "tiers[2].spend_fen",
        ),
        (
            json!([{ "name": "a", "rights": [{ "code": "x y", "name": "x", "per": "month" }] }]),
            "tiers[0].rights[0].code",
        ),
        (json!([{ "name": "a", "coupon_template_ids": [shop.store] }]), "tiers[0].coupon_template_ids"),
        (json!([{ "name": "a", "id": shop.store }]), "tiers[0].id"),
    ];
    for (tiers, field) in cases {
        save(tiers).await.expect_invalid(field);
    }
}

#[tokio::test]
async fn tiers_may_change_places_and_names_and_one_with_members_can_not_go() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let owner = shop.owner_token().await;
    let save =
        |tiers: Value| shop.app.put("/v1/console/tiers", json!({ "tiers": tiers })).with_bearer(&owner);
    let [low, silver, gold] = [ladder.tiers[0], ladder.tiers[1], ladder.tiers[2]];
    ladder.buy(&shop.member().await, 100_000).await;
    shop.member().await;

    let turned = json!([
        { "id": low, "name": "银卡" },
        { "id": gold, "name": "普卡", "visits": 2 },
        { "id": silver, "name": "金卡", "visits": 3 },
    ]);
    let saved = save(turned).await.expect(200);
    assert_eq!(
        (saved["items"][2]["tier"]["id"].clone(), saved["items"][2]["members"].clone()),
        (json!(silver), json!(1))
    );
    assert_eq!(saved["items"][0]["members"], 1);
    save(json!([{ "id": low, "name": "普卡" }])).await.expect_refusal("tier_in_use");
    let fewer =
        save(json!([{ "id": low, "name": "普卡" }, { "id": silver, "name": "银卡", "visits": 3 }])).await;

    assert_eq!(fewer.expect(200)["items"].as_array().unwrap().len(), 2);
}
