//! Scans: fresh codes once, whatever else refused with its own code.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;
use service::card::{ScanCard, Scanned, renew_secret, scan_card, show_code};
use service::{Error, Refusal};

use crate::coupon::shop::Shop;

async fn scan(shop: &Shop, code: &str) -> Result<Scanned, Error> {
    let command = ScanCard { code: code.to_owned(), store_id: shop.store };
    scan_card(shop.ctx(), &shop.cashier, command).await
}

fn refusal(outcome: Result<Scanned, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {:?}", other.map(|scanned| scanned.scan)),
    }
}

#[tokio::test]
async fn a_screenshot_of_a_scanned_code_is_useless() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let code = show_code(shop.ctx(), &member).unwrap().code;

    scan(&shop, &code).await.unwrap();
    let replay = scan(&shop, &code).await;

    assert_eq!(refusal(replay), Refusal::CardCodeUsed);
}

#[tokio::test]
async fn a_code_scanned_by_many_tills_at_once_is_taken_once() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let code = show_code(shop.ctx(), &member).unwrap().code;

    let outcomes = join_all((0..10).map(|_| scan(&shop, &code))).await;

    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 1);
    assert_eq!(shop.scans().await, 1);
}

#[tokio::test]
async fn a_code_is_good_one_step_either_side_and_no_more() {
    let shop = Shop::open().await;
    let start = shop.app.ctx.now();
    let table = [(-31, None), (-30, None), (30, None), (59, None), (60, Some(Refusal::CardCodeExpired))];
    for (seconds, expected) in table {
        let member = shop.member().await;
        shop.app.clock.set(start);
        let code = show_code(shop.ctx(), &member).unwrap().code;
        shop.app.clock.set(start + Duration::seconds(seconds));
        let outcome = scan(&shop, &code).await;
        // 31 s back lies two steps before.
        let expected = if seconds == -31 { Some(Refusal::CardCodeInvalid) } else { expected };
        assert_eq!(outcome.err().map(|error| refusal(Err(error))), expected, "{seconds} s");
    }
}

#[tokio::test]
async fn forged_foreign_and_malformed_codes_are_not_ours() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let other = shop.member().await;
    let code = show_code(shop.ctx(), &member).unwrap().code;
    let (body, mac) = code.rsplit_once('.').unwrap();
    let flipped = if mac.ends_with('0') { "1" } else { "0" };
    let forged = format!("{body}.{}{flipped}", &mac[..11]);
    let foreign = code.replace(&member.card_number, &other.card_number);
    let unknown = code.replace(&member.card_number, "6000000000000000");

    for wrong in [forged.as_str(), &foreign, &unknown, "", "HK1", "HK1.1.2.3", "HK2.1.2.000000000003", "会员"]
    {
        assert_eq!(refusal(scan(&shop, wrong).await), Refusal::CardCodeInvalid, "{wrong}");
    }
    assert_eq!(shop.scans().await, 0);
}

#[tokio::test]
async fn after_a_new_secret_the_lost_phones_codes_are_refused() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let old = show_code(shop.ctx(), &member).unwrap().code;

    renew_secret(shop.ctx(), &member).await.unwrap();

    assert_eq!(refusal(scan(&shop, &old).await), Refusal::CardCodeInvalid);
}

#[tokio::test]
async fn a_disabled_member_a_foreign_store_and_a_closed_one_are_refused() {
    let shop = Shop::open().await;
    let (member, disabled) = (shop.member().await, shop.member().await);
    let code = show_code(shop.ctx(), &member).unwrap().code;
    let code_of_disabled = show_code(shop.ctx(), &disabled).unwrap().code;
    shop.disable(&disabled).await;
    let elsewhere = shop.add_store("S2").await;

    let no = scan(&shop, &code_of_disabled).await;
    let command = ScanCard { code: code.clone(), store_id: elsewhere };
    let foreign = scan_card(shop.ctx(), &shop.cashier, command).await;
    shop.close_store().await;
    let closed = scan(&shop, &code).await;

    assert_eq!(refusal(no), Refusal::MemberDisabled);
    assert_eq!(refusal(foreign), Refusal::StoreNotPermitted);
    assert_eq!(refusal(closed), Refusal::StoreClosed);
}

#[tokio::test]
async fn a_scan_over_http_shows_a_masked_member_and_no_more() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let code = show_code(shop.ctx(), &member).unwrap().code;
    let till = shop.cashier_token().await;

    let body = json!({ "code": code, "store_id": shop.store });
    let scan = shop.app.post("/v1/staff/scans", &body).with_bearer(&till).await.expect(201);
    shop.app.post("/v1/staff/scans", &body).with_bearer(&till).await.expect_refusal("card_code_used");

    assert_eq!(scan["member"]["masked_name"], "王**");
    assert_eq!(scan["member"]["card_number"], member.card_number);
    assert!(!scan.to_string().contains("王小0"));
}
