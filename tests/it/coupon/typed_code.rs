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
