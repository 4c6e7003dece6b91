//! Everything that happened to a member, in one list.

use chrono::Duration;
use entity::states::StaffRole;
use serde_json::{Value, json};
use service::coupon::redeem_coupon;
use service::points::{PointsPolicy, adjust_points, save_policy};
use service::purchase::{Customer, RecordPurchase, record_purchase};

use crate::coupon::shop::{Shop, money_off};

/// A member who claimed, redeemed, bought, and got points by hand, one after the other.
async fn lived() -> (Shop, String, String) {
    let shop = Shop::open().await;
    save_policy(shop.ctx(), &shop.owner, PointsPolicy::default()).await.unwrap();
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    let redemption = shop.redemption(scan, held.coupon.id, "R1");
    redeem_coupon(shop.ctx(), &shop.cashier, redemption).await.unwrap();
    shop.app.clock.advance(Duration::minutes(1));
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(member.card_number.clone()),
        order_no: "O1".to_owned(),
        total_fen: 18_000,
        purchased_at: None,
        lines: Vec::new(),
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap();
    shop.app.clock.advance(Duration::minutes(1));
    adjust_points(shop.ctx(), &shop.owner, member.id, (5, "补发")).await.unwrap();
    let path = format!("/v1/console/members/{}/timeline", member.id);
    let token = shop.owner_token().await;
    (shop, path, token)
}

fn kinds(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["kind"].as_str().expect("a kind").to_owned()).collect()
}

#[tokio::test]
async fn the_newest_comes_first_and_each_ledger_is_in_it() {
    let (shop, path, token) = lived().await;

    let page = shop.app.get(&path).with_bearer(&token).await.expect(200);

    let told = kinds(&page);
    for kind in ["points", "purchase", "coupon_redeemed", "coupon_claimed", "enrolled"] {
        assert!(told.iter().any(|each| each == kind), "{kind} is missing in {told:?}");
    }
    let times: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|item| item["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert_eq!(page["next_cursor"], Value::Null);
    let redeemed = page["items"].as_array().unwrap().iter().find(|item| item["kind"] == "coupon_redeemed");
    let redeemed = redeemed.unwrap();
    assert_eq!((&redeemed["subject"], &redeemed["amount_fen"]), (&json!("S1 店"), &json!(2_000)));
}

#[tokio::test]
async fn pages_of_one_are_the_same_list() {
    let (shop, path, token) = lived().await;
    let whole = shop.app.get(&path).with_bearer(&token).await.expect(200)["items"].clone();

    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.app.get(&format!("{path}?limit=1{cursor}")).with_bearer(&token).await.expect(200);
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(Value::Array(pages), whole);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused_by_its_name() {
    let (shop, path, token) = lived().await;

    for cursor in ["x", "1.x", "x.0190a000-0000-7000-8000-000000000000"] {
        let answer = shop.app.get(&format!("{path}?cursor={cursor}")).with_bearer(&token).await;
        answer.expect_invalid("cursor");
    }
}

#[tokio::test]
async fn what_staff_did_is_for_who_may_read_the_audit_log() {
    let (shop, path, _) = lived().await;
    let marketer = shop.staff_token(StaffRole::Marketer, None).await;
    let owner = shop.owner_token().await;
    let member = path.split('/').nth(4).unwrap().to_owned();
    let disable = format!("/v1/console/members/{member}/disable");
    shop.app.post(&disable, Value::Null).with_bearer(&owner).await.expect(200);

    let seen_by_owner = shop.app.get(&path).with_bearer(&owner).await.expect(200);
    let seen_by_marketer = shop.app.get(&path).with_bearer(&marketer).await.expect(200);

    assert!(kinds(&seen_by_owner).contains(&"act".to_owned()));
    assert!(!kinds(&seen_by_marketer).contains(&"act".to_owned()));
}

#[tokio::test]
async fn who_has_left_has_no_timeline() {
    let (shop, path, token) = lived().await;
    let member = path.split('/').nth(4).unwrap().parse().unwrap();
    let mine = shop.token_of(member).await;
    shop.app.delete("/v1/me").with_bearer(&mine).await.expect(204);

    shop.app.get(&path).with_bearer(&token).await.expect_problem(404, "not_found");
}
