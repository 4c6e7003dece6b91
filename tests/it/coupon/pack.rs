//! Packs: all of their coupons or none, within the limit, whatever is claimed at once.

use futures_util::future::join_all;
use serde_json::json;
use service::Refusal;
use service::coupon::template::TemplateForm;
use service::coupon::{PackForm, PackItem, change_pack, claim_pack};
use service::ids::{CouponPackId, CouponTemplateId};

use super::shop::{Shop, money_off};

async fn pack_of(shop: &Shop, items: &[(CouponTemplateId, i32)]) -> CouponPackId {
    let owner = shop.owner_token().await;
    let items: Vec<_> =
        items.iter().map(|(template, copies)| json!({ "template_id": template, "copies": copies })).collect();
    let body = json!({ "name": "新人礼包", "items": items });
    let pack = shop.app.post("/v1/console/coupon-packs", body).with_bearer(&owner).await.expect(201);
    pack["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_pack_gives_all_its_coupons_once() {
    let shop = Shop::open().await;
    let one = shop.template(money_off()).await;
    let two = shop.template(TemplateForm { limit_per_member: 2, ..money_off() }).await;
    let pack = pack_of(&shop, &[(one, 1), (two, 2)]).await;
    let member = shop.member().await;
    let token = shop.token_of(member.id).await;
    let path = format!("/v1/coupon-packs/{pack}/claims");
    let claim = || shop.app.post(&path, json!({})).with_bearer(&token);

    let listed = shop.app.get("/v1/coupon-packs").with_bearer(&token).await.expect(200);
    let claimed = claim().await.expect(201);
    claim().await.expect_refusal("coupon_limit_reached");

    assert_eq!(listed["items"][0]["id"], json!(pack));
    assert_eq!(claimed["coupons"].as_array().unwrap().len(), 3);
    assert_eq!((shop.copies_of(one).await.len(), shop.copies_of(two).await.len()), (1, 2));
}

#[tokio::test]
async fn a_pack_of_which_one_coupon_is_gone_gives_none() {
    let shop = Shop::open().await;
    let plenty = shop.template(money_off()).await;
    let scarce = shop.template(TemplateForm { stock: 1, ..money_off() }).await;
    let pack = pack_of(&shop, &[(plenty, 1), (scarce, 1)]).await;
    let members = shop.members(5).await;

    let outcomes = join_all(members.iter().map(|member| claim_pack(shop.ctx(), member, pack))).await;

    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
    for refused in outcomes.iter().filter_map(|one| one.as_ref().err()) {
        assert_eq!(refused.refusal(), Some(Refusal::CouponSoldOut));
    }
    assert_eq!((shop.copies_of(plenty).await.len(), shop.copies_of(scarce).await.len()), (1, 1));
    assert_eq!(shop.read_template(plenty).await.taken, 1);
}

#[tokio::test]
async fn many_taps_at_once_give_one_pack() {
    let shop = Shop::open().await;
    let template = shop.template(TemplateForm { limit_per_member: 10, ..money_off() }).await;
    let pack = pack_of(&shop, &[(template, 2)]).await;
    let member = shop.member().await;

    // Each with a connection at hand, so that they race for the pack and not for the pool.
    join_all((0..6).map(|_| shop.ctx().db.ping())).await;
    let outcomes = join_all((0..6).map(|_| claim_pack(shop.ctx(), &member, pack))).await;

    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(shop.copies_of(template).await.len(), 2);
}

#[tokio::test]
async fn a_pack_that_nobody_took_is_replaced() {
    let shop = Shop::open().await;
    let (one, two) = (shop.template(money_off()).await, shop.template(money_off()).await);
    let pack = pack_of(&shop, &[(one, 1)]).await;
    let token = shop.owner_token().await;
    let path = format!("/v1/console/coupon-packs/{pack}");
    let items = json!([{ "template_id": two, "copies": 2 }]);
    let body = json!({ "name": "新礼包", "limit_per_member": 3, "claimable": false, "items": items });

    let changed = shop.app.put(&path, &body).with_bearer(&token).await.expect(200);
    let again = shop.app.put(&path, &body).with_bearer(&token).await.expect(200);

    assert_eq!((&changed["name"], &changed["limit_per_member"]), (&json!("新礼包"), &json!(3)));
    assert_eq!(
        (&changed["items"][0]["template_id"], &changed["items"][0]["copies"]),
        (&json!(two), &json!(2))
    );
    assert_eq!(changed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(changed, again);
    let listed = shop.app.get("/v1/console/coupon-packs").with_bearer(&token).await.expect(200);
    assert_eq!(listed["items"][0], changed);
    let refused = claim_pack(shop.ctx(), &shop.member().await, pack).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(Refusal::CouponNotClaimable));
}

#[tokio::test]
async fn of_a_pack_that_was_taken_the_coupons_stay_and_the_limit_only_rises() {
    let shop = Shop::open().await;
    let (one, two) = (shop.template(money_off()).await, shop.template(money_off()).await);
    let pack = pack_of(&shop, &[(one, 1)]).await;
    let token = shop.owner_token().await;
    let path = format!("/v1/console/coupon-packs/{pack}");
    let change = |name: &str, limit: i32, template: CouponTemplateId| {
        let items = json!([{ "template_id": template }]);
        let body = json!({ "name": name, "limit_per_member": limit, "items": items });
        shop.app.put(&path, body).with_bearer(&token)
    };
    change("礼包", 2, one).await.expect(200);
    claim_pack(shop.ctx(), &shop.member().await, pack).await.unwrap();

    change("礼包", 2, two).await.expect_refusal("pack_has_claims");
    change("礼包", 1, one).await.expect_refusal("pack_has_claims");
    let changed = change("老友礼包", 3, one).await.expect(200);

    assert_eq!((&changed["name"], &changed["limit_per_member"]), (&json!("老友礼包"), &json!(3)));
    assert_eq!(changed["taken"], json!(1));
}

#[tokio::test]
async fn who_takes_a_pack_while_it_is_edited_gets_it_as_it_was_or_as_it_is() {
    let shop = Shop::open().await;
    let (one, two) = (shop.template(money_off()).await, shop.template(money_off()).await);
    let pack = pack_of(&shop, &[(one, 1)]).await;
    let member = shop.member().await;
    let items = vec![PackItem { template_id: two, copies: 1 }];
    let form = PackForm { name: "礼包".to_owned(), limit_per_member: 1, claimable: true, items };

    let (changed, claimed) =
        tokio::join!(change_pack(shop.ctx(), &shop.owner, pack, form), claim_pack(shop.ctx(), &member, pack));

    let got = claimed.unwrap()[0].coupon.template_id;
    match changed {
        Ok(_) => assert_eq!(got, two),
        Err(refused) => assert_eq!((refused.refusal(), got), (Some(Refusal::PackHasClaims), one)),
    }
}
