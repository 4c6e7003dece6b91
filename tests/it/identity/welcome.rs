//! The gift for new members, and those who would be new again.

use serde_json::{Value, json};
use tests::people::text;
use tests::phones::Person;
use tests::{Answer, Phones};

async fn shop() -> (Phones, String) {
    let phones = Phones::start().await;
    let owner = phones.app.owner().await;
    offer_gift(&phones, &owner).await;
    (phones, owner)
}

async fn offer_gift(phones: &Phones, owner: &str) {
    let template = json!({
        "name": "新人券", "kind": "money_off", "threshold_fen": 0, "discount_fen": 500, "validity": "relative",
        "valid_days": 30, "stock": 100, "claimable": false,
    });
    let template =
        phones.app.post("/v1/console/coupon-templates", template).with_bearer(owner).await.expect(201);
    let id = text(&template, "id");
    let publish = format!("/v1/console/coupon-templates/{id}/publish");
    phones.app.post(&publish, json!({})).with_bearer(owner).await.expect(200);
    let gift = json!({ "coupon_template_id": id });
    phones.app.put("/v1/console/welcome-gift", gift).with_bearer(owner).await.expect(200);
}

async fn by_sms(phones: &Phones, person: &Person, device: Option<&str>) -> Value {
    let body = json!({ "phone": person.phone, "code": phones.sms_code(person).await });
    let ask = phones.app.post("/v1/auth/sms", body);
    let ask = if let Some(device) = device { ask.with_header("x-device-id", device) } else { ask };
    ask.await.expect(200)
}

async fn by_wechat(phones: &Phones, person: &Person, with_phone: bool) -> Answer {
    let mut body = json!({ "code": phones.login_code(person).await });
    if with_phone {
        body["phone_code"] = json!(phones.phone_code(person).await);
    }
    phones.app.post("/v1/auth/wechat", body).await
}

async fn coupons(phones: &Phones, signed_in: &Value) -> usize {
    let token = text(signed_in, "access_token");
    let held = phones.app.get("/v1/me/coupons").with_bearer(&token).await.expect(200);
    held["items"].as_array().unwrap().len()
}

async fn outcomes(phones: &Phones, owner: &str) -> Value {
    phones.app.get("/v1/console/welcome-gift").with_bearer(owner).await.expect(200)["outcomes"].clone()
}

#[tokio::test]
async fn a_new_member_gets_the_gift_once_however_often_they_sign_in() {
    let (phones, owner) = shop().await;
    let person = phones.person("13800138000").await;

    let first = by_sms(&phones, &person, None).await;
    phones.advance(60).await;
    by_sms(&phones, &person, None).await;
    by_wechat(&phones, &person, true).await.expect(200);

    assert_eq!(coupons(&phones, &first).await, 1);
    assert_eq!(outcomes(&phones, &owner).await, json!({ "given": 1 }));
}

#[tokio::test]
async fn who_comes_by_wechat_alone_gets_it_with_the_first_phone() {
    let (phones, _) = shop().await;
    let person = phones.person("13800138000").await;

    let alone = by_wechat(&phones, &person, false).await.expect(200);
    assert_eq!(coupons(&phones, &alone).await, 0);
    let (one, two) = tokio::join!(by_wechat(&phones, &person, true), by_wechat(&phones, &person, true));

    one.expect(200);
    assert_eq!(coupons(&phones, &two.expect(200)).await, 1);
}

#[tokio::test]
async fn a_deleted_member_who_returns_gets_no_second_one() {
    let (phones, owner) = shop().await;
    let person = phones.person("13800138000").await;
    let first = by_sms(&phones, &person, None).await;
    phones.app.delete("/v1/me").with_bearer(&text(&first, "access_token")).await.expect(204);
    phones.advance(60).await;

    let again = by_sms(&phones, &person, None).await;

    assert_eq!(again["enrolled"], true);
    assert_eq!(coupons(&phones, &again).await, 0);
    assert_eq!(outcomes(&phones, &owner).await, json!({ "given": 1, "repeated_phone": 1 }));
}

#[tokio::test]
async fn another_phone_on_the_same_device_or_the_same_wechat_gets_none() {
    let (phones, owner) = shop().await;
    let (first, second) = (phones.person("13800138000").await, phones.person("13900139000").await);
    by_sms(&phones, &first, Some("device-0123456789")).await;
    let on_device = by_sms(&phones, &second, Some("device-0123456789")).await;
    assert_eq!(coupons(&phones, &on_device).await, 0);

    let wechat = phones.person("13700137000").await;
    let enrolled = by_wechat(&phones, &wechat, true).await.expect(200);
    assert_eq!(coupons(&phones, &enrolled).await, 1);
    phones.app.delete("/v1/me").with_bearer(&text(&enrolled, "access_token")).await.expect(204);
    let third = phones.person("13600136000").await;
    let again = by_wechat(&phones, &wechat, false).await.expect(200);
    let prove = json!({ "phone": third.phone, "code": phones.sms_code(&third).await });
    let token = text(&again, "access_token");
    phones.app.post("/v1/me/phones", prove).with_bearer(&token).await.expect(200);
    assert_eq!(coupons(&phones, &again).await, 0);
    let told = outcomes(&phones, &owner).await;
    assert_eq!(told, json!({ "given": 2, "repeated_device": 1, "repeated_wechat": 1 }));
}

#[tokio::test]
async fn records_that_were_there_before_and_a_gift_that_is_out_keep_nobody_out() {
    let (phones, owner) = shop().await;
    phones.app.member("13800138000").await;
    let imported = phones.person("13800138000").await;
    let signed_in = by_wechat(&phones, &imported, true).await.expect(200);
    assert_eq!((signed_in["enrolled"].clone(), coupons(&phones, &signed_in).await), (json!(false), 0));

    let gift = phones.app.get("/v1/console/welcome-gift").with_bearer(&owner).await.expect(200);
    let withdraw = format!("/v1/console/coupon-templates/{}/withdraw", text(&gift, "coupon_template_id"));
    phones.app.post(&withdraw, json!({})).with_bearer(&owner).await.expect(200);
    let person = phones.person("13900139000").await;
    let signed_in = by_sms(&phones, &person, None).await;
    assert_eq!((signed_in["enrolled"].clone(), coupons(&phones, &signed_in).await), (json!(true), 0));
    assert_eq!(outcomes(&phones, &owner).await, json!({ "coupon_not_claimable": 1 }));

    let unknown = json!({ "coupon_template_id": "0190a000-0000-7000-8000-000000000000" });
    let unknown = phones.app.put("/v1/console/welcome-gift", unknown).with_bearer(&owner).await;
    unknown.expect_invalid("coupon_template_id");
}

/// Deletes the membership of who signed in, and lets a minute pass.
async fn leave(phones: &Phones, signed_in: &Value) {
    phones.app.delete("/v1/me").with_bearer(&text(signed_in, "access_token")).await.expect(204);
    phones.advance(60).await;
}

#[tokio::test]
async fn who_was_a_member_before_there_was_a_gift_is_not_new_to_it() {
    let phones = Phones::start().await;
    let owner = phones.app.owner().await;
    let early = phones.person("13800138000").await;
    let stays = by_sms(&phones, &early, Some("device-0123456789")).await;
    phones.app.member("13700137000").await;
    let imported = phones.person("13700137000").await;
    let left = by_sms(&phones, &imported, None).await;
    leave(&phones, &left).await;
    offer_gift(&phones, &owner).await;

    by_wechat(&phones, &early, true).await.expect(200);
    let other_phone = phones.person("13900139000").await;
    let on_device = by_sms(&phones, &other_phone, Some("device-0123456789")).await;
    let back = by_sms(&phones, &imported, None).await;

    assert_eq!(back["enrolled"], true);
    for member in [&stays, &on_device, &back] {
        assert_eq!(coupons(&phones, member).await, 0);
    }
    let told = json!({ "no_gift": 1, "repeated_device": 1, "repeated_phone": 1 });
    assert_eq!(outcomes(&phones, &owner).await, told);
}

#[tokio::test]
async fn who_left_and_came_back_was_brought_by_nobody() {
    let (phones, owner) = shop().await;
    let policy = json!({ "invite": { "reward_on": "join", "inviter_points": 100, "invited_points": 20 } });
    phones.app.put("/v1/console/points/policy", policy).with_bearer(&owner).await.expect(200);
    let (one, other) = (phones.person("13800138000").await, phones.person("13900139000").await);
    let inviter = by_sms(&phones, &one, None).await;
    let token = text(&inviter, "access_token");
    let card = phones.app.get("/v1/me/card").with_bearer(&token).await.expect(200);
    let name = async |signed_in: &Value| {
        let body = json!({ "card_number": card["card_number"] });
        phones.app.post("/v1/me/invitation", body).with_bearer(&text(signed_in, "access_token")).await
    };

    let first = by_wechat(&phones, &other, false).await.expect(200);
    assert_eq!(name(&first).await.expect(201)["state"], "rewarded");
    leave(&phones, &first).await;
    let again = by_wechat(&phones, &other, false).await.expect(200);

    assert_eq!(again["enrolled"], true);
    name(&again).await.expect_refusal("invite_not_new");
    let points = phones.app.get("/v1/me/points").with_bearer(&token).await.expect(200);
    assert_eq!(points["balance"], 100, "rewarded once for one person");
}
