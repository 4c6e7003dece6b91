//! Codes that are typed in: one for everybody, and those that are good once.

use futures_util::future::join_all;
use serde_json::json;
use service::Refusal;
use service::coupon::template::TemplateForm;
use service::coupon::{claim_by_code, create_codes};

use super::shop::{Shop, money_off};

#[tokio::test]
async fn a_public_code_gives_a_copy_to_each_member_within_the_limit_though_nobody_may_claim() {
    let shop = Shop::open().await;
    let form = TemplateForm { claimable: false, public_code: Some("hui-2026".to_owned()), ..money_off() };
    let template = shop.template(form).await;
    let (one, two) = (shop.member().await, shop.member().await);
    let token = shop.token_of(one.id).await;
    let type_in =
        |code: &str| shop.app.post("/v1/me/coupon-codes", json!({ "code": code })).with_bearer(&token);

    let coupon = type_in("HUI 2026").await.expect(201);
    type_in("hui2026").await.expect_refusal("coupon_limit_reached");
    type_in("NONE").await.expect_refusal("coupon_code_invalid");
    let other = claim_by_code(shop.ctx(), &two, "HUI2026").await.unwrap();

    assert_eq!(coupon["template_id"], json!(template));
    assert_eq!(other.coupon.source, "code");
    assert_eq!(shop.read_template(template).await.taken, 2);
}

#[tokio::test]
async fn the_same_public_code_twice_is_taken() {
    let shop = Shop::open().await;
    let form = || TemplateForm { public_code: Some("HUI2026".to_owned()), ..money_off() };
    shop.template(form()).await;

    let again = service::coupon::template::create_template(shop.ctx(), &shop.owner, form()).await;

    assert_eq!(again.unwrap_err().refusal(), Some(Refusal::CodeTaken));
}

#[tokio::test]
async fn a_code_that_is_good_once_goes_to_one_of_many_who_type_it_and_to_that_one_again() {
    let shop = Shop::open().await;
    let template = shop.template(TemplateForm { claimable: false, ..money_off() }).await;
    let codes = create_codes(shop.ctx(), &shop.owner, template, ("三月通讯", 3)).await.unwrap();
    let members = shop.members(6).await;

    let tries = join_all(members.iter().map(|member| claim_by_code(shop.ctx(), member, &codes[0]))).await;
    let winner = tries.iter().position(Result::is_ok).expect("one of them has it");
    let again = claim_by_code(shop.ctx(), &members[winner], &codes[0]).await.unwrap();

    assert_eq!(tries.iter().filter(|one| one.is_ok()).count(), 1);
    for lost in tries.iter().filter_map(|one| one.as_ref().err()) {
        assert_eq!(lost.refusal(), Some(Refusal::CouponCodeUsed));
    }
    assert_eq!(again.coupon.id, tries[winner].as_ref().unwrap().coupon.id);
    assert_eq!(shop.read_template(template).await.taken, 1);
}

#[tokio::test]
async fn a_refused_code_stays_good() {
    let shop = Shop::open().await;
    let template = shop.template(TemplateForm { stock: 1, ..money_off() }).await;
    let codes = create_codes(shop.ctx(), &shop.owner, template, ("三月通讯", 2)).await.unwrap();
    let (one, two) = (shop.member().await, shop.member().await);

    claim_by_code(shop.ctx(), &one, &codes[0]).await.unwrap();
    let sold_out = claim_by_code(shop.ctx(), &two, &codes[1]).await;
    let more = service::coupon::template::TemplatePatch { stock: Some(2), ..Default::default() };
    service::coupon::template::change_template(shop.ctx(), &shop.owner, template, more).await.unwrap();

    assert_eq!(sold_out.unwrap_err().refusal(), Some(Refusal::CouponSoldOut));
    assert!(claim_by_code(shop.ctx(), &two, &codes[1]).await.is_ok());
}

#[tokio::test]
async fn a_code_is_not_found_by_trying() {
    let shop = Shop::open().await;
    let form = TemplateForm { public_code: Some("HUI2026".to_owned()), ..money_off() };
    shop.template(form).await;
    let (one, two) = (shop.member().await, shop.member().await);
    for guess in 0..20 {
        let wrong = claim_by_code(shop.ctx(), &one, &format!("HUI{guess}")).await.unwrap_err();
        assert_eq!(wrong.refusal(), Some(Refusal::CouponCodeInvalid));
    }

    let right = claim_by_code(shop.ctx(), &one, "HUI2026").await.unwrap_err();

    assert!(matches!(right, service::Error::RateLimited { .. }), "{right:?}");
    assert!(claim_by_code(shop.ctx(), &two, "HUI2026").await.is_ok(), "the others are not held up");
    shop.app.clock.advance(chrono::Duration::minutes(1));
    assert!(claim_by_code(shop.ctx(), &one, "HUI2026").await.is_ok());
}

#[tokio::test]
async fn a_batch_tells_what_became_of_its_codes_who_made_it_and_gives_them_again() {
    let shop = Shop::open().await;
    let owner = shop.app.owner().await;
    let template = shop.template(TemplateForm { claimable: false, ..money_off() }).await;
    let path = |end: &str| format!("/v1/console/coupon-templates/{template}/{end}");
    let make = |batch: &str, count: usize, token: &str| {
        let body = json!({ "batch": batch, "count": count });
        shop.app.post(&path("codes"), body).with_bearer(token)
    };
    let made = make("三月通讯", 3, &owner).await.expect(201);
    shop.app.clock.advance(chrono::Duration::days(1));
    let owner = shop.app.staff_session(entity::states::StaffRole::Owner).await;
    make("四月通讯", 2, &owner).await.expect(201);
    make("三月通讯", 1, &owner).await.expect(201);
    let codes: Vec<&str> = made["codes"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    let members = shop.members(2).await;
    let first = claim_by_code(shop.ctx(), &members[0], codes[0]).await.unwrap();
    claim_by_code(shop.ctx(), &members[1], codes[1]).await.unwrap();
    let scan = shop.scan(&members[0]).await;
    let command = shop.redemption(scan, first.coupon.id, "R1");
    service::coupon::redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap();

    let batches = shop.app.get(&path("code-batches")).with_bearer(&owner).await.expect(200);
    let download = json!({ "batch": "三月通讯" });
    let again = shop.app.post(&path("code-downloads"), download).with_bearer(&owner).await.expect(200);
    let none = json!({ "batch": "五月通讯" });
    shop.app.post(&path("code-downloads"), none).with_bearer(&owner).await.expect(404);

    let [april, march] = batches["items"].as_array().unwrap().as_slice() else { panic!("two batches") };
    assert_eq!((&april["batch"], &april["made"]), (&json!("四月通讯"), &json!(2)));
    assert_eq!((&march["made"], &march["given"], &march["used"]), (&json!(4), &json!(2), &json!(1)));
    assert!(march["made_by"].is_string() && march["made_at"].as_str() < april["made_at"].as_str());
    let items = again["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    assert_eq!(items.iter().filter(|one| one["used_at"].is_null()).count(), 2);
    assert!(codes.iter().all(|code| items.iter().any(|one| one["code"] == *code)));
    let audit = shop.app.get("/v1/console/audit").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"][0]["action"], "coupon_code.download");
}
