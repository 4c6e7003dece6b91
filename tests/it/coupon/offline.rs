//! Tills that were cut off: what they redeemed counts as of its time, once, up to the ceiling; the rest is shown as conflicts.

use chrono::{DateTime, Duration, Utc};
use entity::states::CouponState;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::coupon::Conditions;
use service::coupon::template::TemplateForm;

use super::shop::{Shop, money_off};

struct CutOff {
    shop: Shop,
    grant: Value,
}

async fn cut_off(settings: &str) -> CutOff {
    let shop = Shop::with_settings(settings).await;
    let grant = grant(&shop, "收银1").await;
    CutOff { shop, grant }
}

async fn grant(shop: &Shop, till: &str) -> Value {
    let body = json!({ "store_id": shop.store, "till": till });
    let token = shop.cashier_token().await;
    shop.app.post("/v1/staff/offline-grants", body).with_bearer(&token).await.expect(201)
}

impl CutOff {
    async fn code_of(&self, member: &entity::member::Model, coupon: service::ids::CouponId) -> Value {
        let token = self.shop.token_of(member.id).await;
        let path = format!("/v1/me/coupons/{coupon}/offline-code");
        self.shop.app.get(&path).with_bearer(&token).await.expect(200)["code"].clone()
    }

    /// One use of now by the till's clock.
    fn used(&self, code: &Value, request_no: &str) -> Value {
        let now = self.shop.ctx().now();
        json!({ "code": code, "request_no": request_no, "amount_fen": 20_000, "redeemed_at": now })
    }

    async fn upload(&self, redemptions: &[Value]) -> Value {
        let body = json!({ "grant_id": self.grant["grant_id"], "redemptions": redemptions });
        // The till was cut off for longer than a session's token is good.
        let till = self.shop.cashier_token().await;
        let answer = self.shop.app.post("/v1/staff/offline-redemptions", body).with_bearer(&till);
        answer.await.expect(200)["redemptions"].clone()
    }

    async fn conflicts(&self) -> Value {
        let path = format!("/v1/staff/offline-redemptions?store_id={}&conflicts=true", self.shop.store);
        let till = self.shop.cashier_token().await;
        self.shop.app.get(&path).with_bearer(&till).await.expect(200)["items"].clone()
    }
}

#[tokio::test]
async fn what_was_redeemed_without_a_connection_is_redeemed_when_it_is_uploaded_and_once() {
    let cut_off = cut_off("").await;
    let (member, held) = cut_off.shop.holder_of(money_off()).await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let used = cut_off.used(&code, "F1");

    cut_off.shop.app.clock.advance(Duration::hours(3));
    let first = cut_off.upload(std::slice::from_ref(&used)).await;
    let again = cut_off.upload(&[used]).await;

    assert_eq!((&first[0]["conflict"], &first[0]["discount_fen"]), (&Value::Null, &json!(2_000)));
    assert_eq!(first, again);
    assert_eq!(cut_off.shop.read_coupon(held.coupon.id).await.state, CouponState::Used);
    assert_eq!(cut_off.shop.live_redemptions(held.coupon.id).await, 1);
    assert_eq!(cut_off.conflicts().await, json!([]));
}

#[tokio::test]
async fn a_coupon_that_was_used_elsewhere_meanwhile_is_a_conflict_that_is_shown() {
    let cut_off = cut_off("").await;
    let shop = &cut_off.shop;
    let (member, held) = shop.holder_of(money_off()).await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let used = cut_off.used(&code, "F1");
    let scan = shop.scan(&member).await;
    let elsewhere = json!({
        "store_id": shop.store, "scan_id": scan, "coupon_id": held.coupon.id, "request_no": "R1", "amount_fen": 10_000
    });
    let colleague = shop.cashier_token().await;
    shop.app.post("/v1/staff/redemptions", elsewhere).with_bearer(&colleague).await.expect(201);

    let uploaded = cut_off.upload(&[used]).await;

    assert_eq!(uploaded[0]["conflict"], "coupon_already_redeemed");
    let listed = cut_off.conflicts().await;
    assert_eq!(listed[0]["request_no"], "F1");
    for told in [&uploaded[0]["used"], &listed[0]["used"]] {
        assert_eq!((&told["store_name"], &told["staff_name"]), (&json!("S1 店"), &json!("李店员")));
        assert_eq!(told["redeemed_at"], json!(shop.ctx().now()));
    }
    assert_eq!(shop.live_redemptions(held.coupon.id).await, 1);
}

#[tokio::test]
async fn a_till_takes_off_no_more_than_its_ceiling() {
    let cut_off = cut_off("[till]\noffline_ceiling_fen = 5000").await;
    let mut uses = Vec::new();
    for number in 0..3 {
        let (member, held) = cut_off.shop.holder_of(money_off()).await;
        let code = cut_off.code_of(&member, held.coupon.id).await;
        uses.push(cut_off.used(&code, &format!("F{number}")));
    }

    let uploaded = cut_off.upload(&uses).await;

    let conflicts: Vec<&Value> = uploaded.as_array().unwrap().iter().map(|one| &one["conflict"]).collect();
    assert_eq!(conflicts, [&Value::Null, &Value::Null, &json!("offline_ceiling_reached")]);
}

#[tokio::test]
async fn the_ceilings_of_grants_that_a_till_asks_for_one_after_the_other_do_not_add_up() {
    let mut cut_off = cut_off("[till]\noffline_ceiling_fen = 4000").await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        let (member, held) = cut_off.shop.holder_of(money_off()).await;
        codes.push(cut_off.code_of(&member, held.coupon.id).await);
    }
    let uploaded = cut_off.upload(&[cut_off.used(&codes[0], "F0")]).await;
    let waiting = cut_off.used(&codes[1], "F1");
    cut_off.shop.app.clock.advance(Duration::minutes(1));
    let another_till = grant(&cut_off.shop, "收银2").await;
    let newer = grant(&cut_off.shop, "收银1").await;
    cut_off.shop.app.clock.advance(Duration::minutes(1));

    let after = cut_off.used(&codes[2], "F2");
    let under_the_first = cut_off.upload(&[waiting, after]).await;
    cut_off.grant = newer;
    let under_the_newer = cut_off.upload(&[cut_off.used(&codes[3], "N1")]).await;
    cut_off.grant = another_till;
    let at_another = cut_off.upload(&[cut_off.used(&codes[4], "A1")]).await;

    let conflict = |uploaded: &Value, at: usize| uploaded[at]["conflict"].clone();
    assert_eq!(conflict(&uploaded, 0), Value::Null);
    assert_eq!(conflict(&under_the_first, 0), Value::Null, "it was used before there was a newer grant");
    assert_eq!(conflict(&under_the_first, 1), "offline_grant_over");
    assert_eq!((conflict(&under_the_newer, 0), conflict(&at_another, 0)), (Value::Null, Value::Null));
}

/// Whichever of the answers comes last, or gets lost, the till holds a grant that is good.
#[tokio::test]
async fn a_till_that_asks_twice_or_many_times_at_once_has_one_grant() {
    let cut_off = cut_off("").await;
    let many = join_all((0..8).map(|_| grant(&cut_off.shop, "收银1"))).await;
    cut_off.shop.app.clock.advance(Duration::hours(1));
    let later = grant(&cut_off.shop, "收银1").await;

    for one in many.iter().chain([&later]) {
        assert_eq!(one["grant_id"], cut_off.grant["grant_id"]);
    }
    let ends = |grant: &Value| grant["expires_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(ends(&later) - ends(&cut_off.grant), Duration::hours(1));

    // Its ceiling is one, too.
    let at_once = join_all((0..8).map(|_| grant(&cut_off.shop, "收银3"))).await;
    assert!(at_once.iter().all(|one| one["grant_id"] == at_once[0]["grant_id"]));
}

/// A clock that is some minutes slow keeps nobody's coupon.
#[tokio::test]
async fn a_till_whose_clock_is_a_little_slow_has_its_uses_redeemed() {
    let mut cut_off = cut_off("").await;
    let (member, held) = cut_off.shop.holder_of(money_off()).await;
    cut_off.shop.app.clock.advance(Duration::hours(1));
    cut_off.grant = grant(&cut_off.shop, "收银2").await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let mut used = cut_off.used(&code, "S1");
    used["redeemed_at"] = json!(cut_off.shop.ctx().now() - Duration::minutes(5));

    assert_eq!(cut_off.upload(&[used]).await[0]["conflict"], Value::Null);
}

#[tokio::test]
async fn a_forged_code_a_late_use_and_a_code_that_had_expired_are_conflicts() {
    let cut_off = cut_off("[till]\noffline_token_seconds = 3600").await;
    let (member, held) = cut_off.shop.holder_of(money_off()).await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let forged = json!(code.as_str().unwrap().replacen('e', "f", 1));

    let forged = cut_off.used(&forged, "F1");
    cut_off.shop.app.clock.advance(Duration::hours(2));
    let expired = cut_off.used(&code, "F2");
    cut_off.shop.app.clock.advance(Duration::hours(12));
    let late = cut_off.used(&code, "F3");
    let uploaded = cut_off.upload(&[forged, expired, late]).await;

    let conflicts: Vec<&Value> = uploaded.as_array().unwrap().iter().map(|one| &one["conflict"]).collect();
    assert_eq!(conflicts, ["offline_token_invalid", "offline_token_expired", "offline_grant_over"]);
    assert_eq!(cut_off.shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn a_coupon_whose_rules_a_till_can_not_check_has_no_code() {
    let cut_off = cut_off("").await;
    let conditions = Conditions { first_order: true, ..Conditions::default() };
    let (member, held) = cut_off.shop.holder_of(TemplateForm { conditions, ..money_off() }).await;
    let token = cut_off.shop.token_of(member.id).await;

    let path = format!("/v1/me/coupons/{}/offline-code", held.coupon.id);

    cut_off.shop.app.get(&path).with_bearer(&token).await.expect_refusal("coupon_not_offline");
}

#[tokio::test]
async fn a_code_that_was_made_before_its_member_was_merged_is_redeemed_for_who_stays() {
    let cut_off = cut_off("").await;
    let shop = &cut_off.shop;
    let elder = shop.member().await;
    shop.app.clock.advance(Duration::seconds(1));
    let (member, held) = shop.holder_of(money_off()).await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let used = cut_off.used(&code, "F1");

    shop.merge(elder.id, member.id).await;
    let uploaded = cut_off.upload(&[used]).await;

    assert_eq!(uploaded[0]["conflict"], Value::Null, "{uploaded}");
    let coupon = shop.read_coupon(held.coupon.id).await;
    assert_eq!((coupon.state, coupon.member_id), (CouponState::Used, elder.id));
}

#[tokio::test]
async fn a_request_number_of_a_till_stands_for_one_use() {
    let cut_off = cut_off("").await;
    let (member, held) = cut_off.shop.holder_of(money_off()).await;
    let code = cut_off.code_of(&member, held.coupon.id).await;
    let used = cut_off.used(&code, "F1");
    cut_off.upload(std::slice::from_ref(&used)).await;

    let mut other = used;
    other["amount_fen"] = json!(30_000);
    let body = json!({ "grant_id": cut_off.grant["grant_id"], "redemptions": [other] });
    let till = cut_off.shop.cashier_token().await;
    let answer = cut_off.shop.app.post("/v1/staff/offline-redemptions", body).with_bearer(&till).await;

    answer.expect_refusal("request_number_reused");
    assert_eq!(cut_off.shop.live_redemptions(held.coupon.id).await, 1);
}
