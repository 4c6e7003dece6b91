//! A coupon's own code at the till: read as it is shown or typed, good for that coupon alone, refused once it is spent.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::card::{ScanCard, Scanned};
use service::coupon::{HeldCoupon, claim, redeem_coupon, scan_code, void_coupon};
use service::ids::StoreId;
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

async fn read(shop: &Shop, code: &str) -> Result<Scanned, Error> {
    scan_code(shop.ctx(), &shop.cashier, ScanCard { code: code.to_owned(), store_id: shop.store }).await
}

fn refusal(outcome: Result<Scanned, Error>) -> Refusal {
    let refused = outcome.map(|scanned| scanned.scan).expect_err("it is not refused");
    refused.refusal().unwrap_or_else(|| panic!("not refused: {refused:?}"))
}

/// As people type it: in groups, in lower case, with letters for digits.
fn by_hand(held: &HeldCoupon) -> String {
    let code = held.coupon.code.replace('0', "o").replace('1', "l").to_lowercase();
    format!(" {} {}-{} ", &code[..4], &code[4..8], &code[8..])
}

#[tokio::test]
async fn the_code_on_a_coupon_names_its_holder_and_the_coupon_is_redeemed() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let till = shop.cashier_token().await;

    let scan = json!({ "code": by_hand(&held), "store_id": shop.store });
    let scan = shop.app.post("/v1/staff/scans", scan).with_bearer(&till).await.expect(201);
    let quote = json!({ "store_id": shop.store, "scan_id": scan["scan_id"], "amount_fen": 12_345 });
    let quote = shop.app.post("/v1/staff/quotes", quote).with_bearer(&till).await.expect(200);
    let body = json!({
        "store_id": shop.store, "scan_id": scan["scan_id"], "coupon_id": held.coupon.id, "request_no": "R1",
        "amount_fen": 12_345,
    });
    let redeem = || shop.app.post("/v1/staff/redemptions", &body).with_bearer(&till);
    let receipt = redeem().await.expect(201);
    let again = redeem().await.expect(200);

    assert_eq!((&scan["member"]["id"], &scan["coupon_id"]), (&json!(member.id), &json!(held.coupon.id)));
    assert_eq!(scan["member"]["masked_name"], "王**");
    assert_eq!(quote["best"]["coupons"][0]["coupon_id"], json!(held.coupon.id));
    assert_eq!(receipt, again);
    assert_eq!(shop.live_redemptions(held.coupon.id).await, 1);
}

#[tokio::test]
async fn a_screenshot_of_a_coupon_opens_nothing_else_of_its_holder() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let other = claim(shop.ctx(), &member, shop.template(money_off()).await).await.unwrap();
    let till = shop.cashier_token().await;

    let scan = json!({ "code": held.coupon.code, "store_id": shop.store });
    let scan = shop.app.post("/v1/staff/scans", scan).with_bearer(&till).await.expect(201);
    let redeem = |coupons: Value| {
        shop.app
            .post("/v1/staff/redemptions", json!({
                "store_id": shop.store, "scan_id": scan["scan_id"], "coupon_ids": coupons, "request_no": "R1",
                "amount_fen": 20_000,
            }))
            .with_bearer(&till)
    };
    redeem(json!([other.coupon.id])).await.expect_refusal("card_code_needed");
    redeem(json!([held.coupon.id, other.coupon.id])).await.expect_refusal("card_code_needed");
    let waiting =
        format!("/v1/staff/exchanges?store_id={}&scan_id={}", shop.store, scan["scan_id"].as_str().unwrap());
    shop.app.get(&waiting).with_bearer(&till).await.expect_refusal("card_code_needed");
    let right = json!({ "store_id": shop.store, "scan_id": scan["scan_id"], "right_code": "tea", "request_no": "U1" });
    shop.app.post("/v1/staff/right-uses", right).with_bearer(&till).await.expect_refusal("card_code_needed");

    let shown: Vec<_> = scan["usable_coupons"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(shown, [&json!(held.coupon.id)]);
    assert_eq!(scan["rights"], json!([]));
    assert_eq!(shop.live_redemptions(other.coupon.id).await, 0);
}

#[tokio::test]
async fn of_many_tills_that_read_one_code_at_once_one_redeems_and_the_next_hears_who_did() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;

    let scans = join_all((0..6).map(|_| read(&shop, &held.coupon.code))).await;
    let uses = scans.into_iter().enumerate().map(|(number, scanned)| {
        let command = shop.redemption(scanned.unwrap().scan.id, held.coupon.id, &format!("R{number}"));
        redeem_coupon(shop.ctx(), &shop.cashier, command)
    });
    let uses = join_all(uses).await;
    let body = json!({ "code": held.coupon.code, "store_id": shop.store });
    let late = shop.app.post("/v1/staff/scans", body).with_bearer(&shop.cashier_token().await).await;

    assert_eq!(uses.iter().filter(|used| used.is_ok()).count(), 1);
    let problem = late.expect_problem(409, "coupon_already_redeemed");
    assert_eq!(problem["facts"]["used"]["redeemed_at"], json!(shop.ctx().now()));
    assert_eq!(problem["facts"]["used"]["store_id"], json!(shop.store));
}

#[tokio::test]
async fn the_codes_of_what_is_gone_and_of_what_never_was_are_refused() {
    let shop = Shop::open().await;
    let (_, voided) = shop.holder_of(money_off()).await;
    void_coupon(shop.ctx(), &shop.owner, voided.coupon.id, "错发").await.unwrap();
    let (gone, of_gone) = shop.holder_of(money_off()).await;
    shop.disable(&gone).await;
    let (_, past) = shop.holder_of(money_off()).await;

    assert_eq!(refusal(read(&shop, &voided.coupon.code).await), Refusal::CouponVoided);
    assert_eq!(refusal(read(&shop, &of_gone.coupon.code).await), Refusal::MemberDisabled);
    assert_eq!(refusal(read(&shop, "0000 0000 0000").await), Refusal::CouponCodeInvalid);
    assert_eq!(refusal(read(&shop, "0000 0000 000").await), Refusal::CardCodeInvalid);
    let elsewhere = ScanCard { code: past.coupon.code.clone(), store_id: StoreId(Default::default()) };
    let elsewhere = scan_code(shop.ctx(), &shop.cashier, elsewhere).await;
    assert_eq!(refusal(elsewhere), Refusal::StoreNotPermitted);
    shop.app.clock.set(past.coupon.valid_until + Duration::seconds(2));
    assert_eq!(refusal(read(&shop, &past.coupon.code).await), Refusal::CouponExpired);
    assert_eq!(shop.scans().await, 0);
}

#[tokio::test]
async fn whoever_tries_codes_is_told_to_wait() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;

    for number in 0..60 {
        let tried = read(&shop, &format!("0000 0000 {number:04}")).await;
        assert_eq!(refusal(tried), Refusal::CouponCodeInvalid);
    }
    let waits = read(&shop, &held.coupon.code).await;
    assert!(matches!(waits, Err(Error::RateLimited { .. })));

    shop.app.clock.advance(Duration::seconds(60));
    assert!(read(&shop, &held.coupon.code).await.is_ok());
}

#[tokio::test]
async fn the_coupon_of_a_record_that_was_merged_names_who_stays() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    let held = claim(shop.ctx(), &younger, shop.template(money_off()).await).await.unwrap();

    let stays = shop.merge(elder.id, younger.id).await;

    let scanned = read(&shop, &held.coupon.code).await.unwrap();
    assert_eq!((scanned.member.id, scanned.scan.coupon_id), (stays, Some(held.coupon.id)));
}
