//! Rights of a tier: within the quota of their period, each use once, however many tills ask.

use entity::states::PublicationState;
use futures_util::future::join_all;
use serde_json::json;
use service::ids::ScanId;
use service::stamp::{CardForm, save_card};
use service::tier::{Per, Right, TierPolicy, UseRight, use_right};
use service::{Error, Refusal};

use tests::Answer;

use super::shop::{Ladder, forms};
use crate::coupon::shop::Shop;

async fn with_tea() -> Ladder {
    let mut tiers = forms();
    tiers[0].rights =
        vec![Right { code: "tea".to_owned(), name: "免费茶".to_owned(), quota: Some(2), per: Per::Month }];
    Ladder::with(tiers, TierPolicy::default(), 0).await
}

#[tokio::test]
async fn of_many_tills_at_once_the_quota_lets_as_many_as_it_says() {
    let ladder = with_tea().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    let scan_id = shop.scan(&member).await;
    let command = |number: usize| UseRight {
        store_id: shop.store,
        scan_id,
        right_code: "tea".to_owned(),
        request_no: format!("U{number}"),
    };

    let uses = join_all((0..6).map(|number| use_right(shop.ctx(), &shop.cashier, command(number)))).await;

    assert_eq!(uses.iter().filter(|used| used.is_ok()).count(), 2);
    let refused = |used: &service::Result<_>| matches!(used, Err(Error::Refused(Refusal::RightUsedUp)));
    assert_eq!(uses.iter().filter(|used| refused(used)).count(), 4);
    let again = uses.into_iter().flatten().next().unwrap();
    let number = again.request_no.trim_start_matches('U').parse().unwrap();
    assert_eq!(use_right(shop.ctx(), &shop.cashier, command(number)).await.unwrap(), again);
}

async fn drink(shop: &Shop, scan_id: ScanId, number: i32) -> Answer {
    let request_no = format!("U{number}");
    let body =
        json!({ "store_id": shop.store, "scan_id": scan_id, "right_code": "tea", "request_no": request_no });
    shop.app.post("/v1/staff/right-uses", body).with_bearer(&shop.cashier_token().await).await
}

#[tokio::test]
async fn the_next_period_has_its_own_quota_and_the_log_keeps_all() {
    let ladder = with_tea().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    let mine = shop.token_of(member.id).await;
    let scan = shop.scan(&member).await;
    for number in 0..2 {
        drink(shop, scan, number).await.expect(201);
    }
    drink(shop, scan, 2).await.expect_refusal("right_used_up");
    let left = shop.app.get("/v1/me/tier").with_bearer(&mine).await.expect(200)["rights"][0].clone();
    assert_eq!((left["left"].clone(), left["quota"].clone()), (json!(0), json!(2)));

    ladder.go_to("2026-04-01T00:00:00+08:00");
    let scan = shop.scan(&member).await;
    drink(shop, scan, 3).await.expect(201);

    let path = format!("/v1/console/members/{}/right-uses", member.id);
    let log = shop.app.get(&path).with_bearer(&shop.owner_token().await).await.expect(200);
    let periods: Vec<_> = log["items"].as_array().unwrap().iter().map(|one| one["period"].clone()).collect();
    assert_eq!(periods, ["2026-04", "2026-03", "2026-03"]);
}

#[tokio::test]
async fn a_right_that_the_tier_does_not_give_is_refused() {
    let ladder = with_tea().await;
    let member = ladder.shop.member().await;
    ladder.buy(&member, 100_000).await;
    let scan_id = ladder.shop.scan(&member).await;
    let command = UseRight {
        store_id: ladder.shop.store,
        scan_id,
        right_code: "tea".to_owned(),
        request_no: "U1".to_owned(),
    };

    let used = use_right(ladder.shop.ctx(), &ladder.shop.cashier, command).await;

    assert!(matches!(used, Err(Error::Refused(Refusal::RightUnknown))));
}

#[tokio::test]
async fn a_scan_tells_the_till_tier_points_rights_and_stamps() {
    let ladder = with_tea().await;
    let shop = &ladder.shop;
    let member = shop.member().await;
    ladder.buy(&member, 120_000).await;
    let reward = shop.template(crate::coupon::shop::money_off()).await;
    let card = CardForm {
        name: "集三章".to_owned(),
        stamps: 3,
        least_fen: 100,
        per_purchase: 2,
        per_day: None,
        rounds: None,
        store_ids: Vec::new(),
        categories: Vec::new(),
        reward_template_id: reward,
        state: PublicationState::Published,
        open_from: None,
        open_until: None,
    };
    save_card(shop.ctx(), &shop.owner, None, card).await.unwrap();
    ladder.buy(&member, 100).await;
    shop.app.clock.advance(chrono::Duration::seconds(30));
    let code = service::card::show_code(shop.ctx(), &member).unwrap().code;

    let body = json!({ "code": code, "store_id": shop.store });
    let scan = shop.app.post("/v1/staff/scans", body).with_bearer(&shop.cashier_token().await).await;

    let scan = scan.expect(201);
    assert_eq!(scan["member"]["tier"], json!({ "name": "银卡", "rank": 1 }));
    assert_eq!(scan["member"]["points"], 1_201);
    assert_eq!(scan["rights"], json!([]), "it is the lowest tier's right");
    let stamps = &scan["stamp_cards"][0];
    assert_eq!((&stamps["stamped"], &stamps["stamps"]), (&json!(1), &json!(3)));
}
