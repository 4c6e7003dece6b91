//! Coupons that only members of certain tiers may take.

use futures_util::future::join_all;
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{Conditions, claim};
use service::ids::TierId;
use service::{Error, Refusal};

use super::shop::Ladder;
use crate::coupon::shop::{Shop, money_off};

fn only_for(tiers: Vec<TierId>) -> TemplateForm {
    TemplateForm { conditions: Conditions { tiers, ..Conditions::default() }, ..money_off() }
}

async fn offers(shop: &Shop, token: &str) -> serde_json::Value {
    shop.app.get("/v1/coupon-templates").with_bearer(token).await.expect(200)["items"].clone()
}

#[tokio::test]
async fn of_a_crowd_those_of_the_tier_get_a_copy_and_the_others_hear_why_not() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let members = shop.members(12).await;
    for risen in &members[..4] {
        ladder.buy(risen, 100_000).await;
    }
    let template = shop.template(only_for(vec![ladder.tiers[1], ladder.tiers[2]])).await;

    let outcomes = join_all(members.iter().map(|member| claim(shop.ctx(), member, template))).await;

    let refused: Vec<_> = outcomes.iter().map(|one| one.as_ref().err().and_then(Error::refusal)).collect();
    assert_eq!(refused[..4], [None; 4]);
    assert_eq!(refused[4..], [Some(Refusal::CouponNotForTier); 8]);
    assert_eq!(shop.read_template(template).await.taken, 4, "a refusal takes nothing of the stock");
}

#[tokio::test]
async fn who_never_rose_is_of_the_lowest_tier() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let (new, risen) = (shop.member().await, shop.member().await);
    ladder.buy(&risen, 100_000).await;
    let template = shop.template(only_for(vec![ladder.tiers[0]])).await;

    assert!(claim(shop.ctx(), &new, template).await.is_ok());
    let refused = claim(shop.ctx(), &risen, template).await;

    assert_eq!(refused.err().and_then(|error| error.refusal()), Some(Refusal::CouponNotForTier));
}

#[tokio::test]
async fn the_claim_centre_says_it_before_the_tap_and_a_rise_opens_it() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    let token = shop.token_of(member.id).await;
    let template = shop.template(only_for(vec![ladder.tiers[1]])).await;
    let path = format!("/v1/coupon-templates/{template}/claims");

    assert_eq!(offers(shop, &token).await[0]["refusal"], "coupon_not_for_tier");
    shop.app.post(&path, json!({})).with_bearer(&token).await.expect_refusal("coupon_not_for_tier");
    let guests = shop.app.get("/v1/coupon-templates").await.expect(200);
    assert!(guests["items"][0]["refusal"].is_null(), "nobody knows a guest's tier");

    ladder.buy(&member, 100_000).await;
    assert!(offers(shop, &token).await[0]["refusal"].is_null());
    shop.app.post(&path, json!({})).with_bearer(&token).await.expect(201);
}

#[tokio::test]
async fn staff_choose_among_the_tiers_that_there_are() {
    let ladder = Ladder::open().await;
    let shop = &ladder.shop;
    let owner = shop.owner_token().await;
    let template = shop.template(money_off()).await;
    let path = format!("/v1/console/coupon-templates/{template}");
    let change = |tiers: serde_json::Value| {
        shop.app.patch(&path, json!({ "conditions": { "tiers": tiers } })).with_bearer(&owner)
    };

    change(json!([ladder.tiers[1], template])).await.expect_invalid("conditions.tiers[1]");
    let changed = change(json!([ladder.tiers[1]])).await.expect(200);

    assert_eq!(changed["rules"]["conditions"]["tiers"], json!([ladder.tiers[1]]));
}
