//! The password of a member: set, changed, forgotten, guessed at.

use serde_json::{Value, json};
use tests::people::text;
use tests::phones::Person;
use tests::{Answer, Phones};

const PHONE: &str = "13800138000";
const FIRST: &str = "correct horse battery";
const SECOND: &str = "another long phrase";

async fn member() -> (Phones, Person, String) {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let token = text(&phones.sign_in(&person).await, "access_token");
    (phones, person, token)
}

async fn set(phones: &Phones, token: &str, body: Value) -> Answer {
    phones.app.put("/v1/me/password", body).with_bearer(token).await
}

async fn by_password(phones: &Phones, password: &str) -> Answer {
    phones.app.post("/v1/auth/password", json!({ "phone": PHONE, "password": password })).await
}

#[tokio::test]
async fn a_password_is_set_once_signed_in_and_signs_in_from_then_on() {
    let (phones, _, token) = member().await;
    by_password(&phones, FIRST).await.expect_refusal("login_wrong");

    set(&phones, &token, json!({ "new": "short" })).await.expect_refusal("password_too_weak");
    set(&phones, &token, json!({ "new": PHONE })).await.expect_refusal("password_too_weak");
    set(&phones, &token, json!({ "new": "x".repeat(129) })).await.expect_invalid("new");
    set(&phones, &token, json!({ "new": FIRST })).await.expect(204);

    let signed_in = by_password(&phones, FIRST).await.expect(200);
    assert_eq!(
        (&signed_in["enrolled"], &signed_in["member"]["phone"]),
        (&json!(false), &json!("138****8000"))
    );
    by_password(&phones, SECOND).await.expect_refusal("login_wrong");
    let stranger = json!({ "phone": "13900139000", "password": FIRST });
    phones.app.post("/v1/auth/password", stranger).await.expect_refusal("login_wrong");
    let stored = entity::member_password::Entity::find();
    use sea_orm::EntityTrait;
    let stored = stored.one(phones.app.ctx.db.read()).await.unwrap().unwrap();
    assert!(stored.hash.starts_with("$argon2id$"));
}

#[tokio::test]
async fn a_change_needs_the_current_password_and_ends_other_sessions() {
    let (phones, _, token) = member().await;
    set(&phones, &token, json!({ "new": FIRST })).await.expect(204);
    let other = text(&by_password(&phones, FIRST).await.expect(200), "access_token");

    set(&phones, &token, json!({ "new": SECOND })).await.expect_refusal("login_wrong");
    set(&phones, &token, json!({ "current": "wrong", "new": SECOND })).await.expect_refusal("login_wrong");
    set(&phones, &token, json!({ "current": FIRST, "new": FIRST })).await.expect_invalid("new");
    let change = || set(&phones, &token, json!({ "current": FIRST, "new": SECOND }));
    let (one, two) = tokio::join!(change(), change());

    let statuses = [one.status.as_u16(), two.status.as_u16()];
    assert!(statuses.contains(&204), "{statuses:?}");
    phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    phones.app.get("/v1/me").with_bearer(&other).await.expect_problem(401, "unauthenticated");
    by_password(&phones, FIRST).await.expect_refusal("login_wrong");
    by_password(&phones, SECOND).await.expect(200);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_sms_and_all_sessions_end() {
    let (phones, person, token) = member().await;
    phones.advance(60).await;
    let reset = |code: String, phone: &str| {
        phones.app.post("/v1/auth/password-resets", json!({ "phone": phone, "code": code, "new": SECOND }))
    };
    reset("000000".to_owned(), PHONE).await.expect_refusal("sms_code_expired");
    let code = phones.sms_code(&person).await;

    let signed_in = reset(code.clone(), PHONE).await.expect(200);

    phones.app.get("/v1/me").with_bearer(&token).await.expect_problem(401, "unauthenticated");
    phones.app.get("/v1/me").with_bearer(&text(&signed_in, "access_token")).await.expect(200);
    by_password(&phones, SECOND).await.expect(200);
    reset(code, PHONE).await.expect_refusal("sms_code_expired");
    let stranger = phones.person("13900139000").await;
    let code = phones.sms_code(&stranger).await;
    reset(code, &stranger.phone).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn wrong_passwords_at_once_are_all_counted_per_phone() {
    let (phones, _, token) = member().await;
    set(&phones, &token, json!({ "new": FIRST })).await.expect(204);

    let tries =
        futures_util::future::join_all((0..12).map(|_| by_password(&phones, "a wrong password"))).await;

    let refused = tries.iter().filter(|answer| answer.status.as_u16() == 409).count();
    let throttled = tries.iter().filter(|answer| answer.status.as_u16() == 429).count();
    assert_eq!((refused, throttled), (8, 4));
    // Not even the right one, until the quarter is over.
    by_password(&phones, FIRST).await.expect_problem(429, "rate_limited");
    phones.advance(900).await;
    by_password(&phones, FIRST).await.expect(200);
}

#[tokio::test]
async fn wrong_passwords_for_many_phones_are_counted_per_address() {
    let phones = Phones::with_settings("sign_in.password_wrong_tries_per_address = 5").await;
    let mut statuses = Vec::new();
    for number in 0..6 {
        let body = json!({ "phone": format!("1380013800{number}"), "password": FIRST });
        statuses.push(phones.app.post("/v1/auth/password", body).await.status.as_u16());
    }
    assert_eq!(statuses, [409, 409, 409, 409, 409, 429]);
}

#[tokio::test]
async fn a_disabled_member_gets_in_by_no_password_and_by_no_reset() {
    let (phones, person, token) = member().await;
    set(&phones, &token, json!({ "new": FIRST })).await.expect(204);
    let owner = phones.app.owner().await;
    let me = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    let disable = format!("/v1/console/members/{}/disable", text(&me, "id"));
    phones.app.post(&disable, json!({})).with_bearer(&owner).await.expect(200);
    phones.advance(60).await;

    by_password(&phones, FIRST).await.expect_refusal("member_disabled");
    by_password(&phones, SECOND).await.expect_refusal("login_wrong");
    let code = phones.sms_code(&person).await;
    let reset = json!({ "phone": PHONE, "code": code, "new": SECOND });
    phones.app.post("/v1/auth/password-resets", reset).await.expect_refusal("member_disabled");
}

#[tokio::test]
async fn who_has_proven_no_phone_can_set_no_password() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "code": phones.login_code(&person).await });
    let signed_in = phones.app.post("/v1/auth/wechat", body).await.expect(200);

    let token = text(&signed_in, "access_token");
    set(&phones, &token, json!({ "new": FIRST })).await.expect_refusal("phone_required");
}
