//! The devices of a member and the history of sign-ins.

use serde_json::{Value, json};
use service::identity::history::forget_old_sign_ins;
use service::session::device_label;
use tests::Phones;
use tests::people::text;
use tests::phones::Person;

const PHONE: &str = "13800138000";
const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.50 Safari/604.1";

async fn sign_in(phones: &Phones, person: &Person, device: &str) -> Value {
    let code = phones.sms_code(person).await;
    let body = json!({ "phone": PHONE, "code": code });
    phones.app.post("/v1/auth/sms", body).with_header("user-agent", device).await.expect(200)
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("a page")
}

#[tokio::test]
async fn a_member_sees_the_devices_and_signs_one_out() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let person = phones.person(PHONE).await;
    let first = text(&sign_in(&phones, &person, IPHONE).await, "access_token");
    let body =
        json!({ "phone_code": phones.phone_code(&person).await, "code": phones.login_code(&person).await });
    let second = app.post("/v1/auth/wechat", body).with_header("user-agent", "Till 9").await.expect(200);
    let second = text(&second, "access_token");

    let listed = app.get("/v1/me/sessions").with_bearer(&second).await.expect(200);
    assert_eq!(items(&listed).len(), 2);
    let newest = &items(&listed)[0];
    assert_eq!((&newest["current"], &newest["device"]), (&json!(true), &json!("Till 9")));
    assert_eq!((&newest["method"], &newest["address"]), (&json!("wechat"), &json!("127.0.*.*")));
    let oldest = &items(&listed)[1];
    assert_eq!((&oldest["method"], &oldest["device"]), (&json!("sms"), &json!("iPhone · WeChat")));
    let path = format!("/v1/me/sessions/{}", text(oldest, "id"));
    for _ in 0..2 {
        app.delete(&path).with_bearer(&second).await.expect(204);
    }

    app.get("/v1/me").with_bearer(&first).await.expect_problem(401, "unauthenticated");
    let listed = app.get("/v1/me/sessions").with_bearer(&second).await.expect(200);
    assert_eq!(items(&listed).len(), 1);
}

#[tokio::test]
async fn all_other_devices_are_signed_out_at_once_and_nobody_elses() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let person = phones.person(PHONE).await;
    let mine = text(&sign_in(&phones, &person, IPHONE).await, "access_token");
    let member = text(&app.get("/v1/me").with_bearer(&mine).await.expect(200), "id").parse().unwrap();
    let others = [app.member_session(member).await, app.member_session(member).await];
    let stranger = app.member("13900139000").await;
    let stranger = app.member_session(stranger).await;

    app.delete("/v1/me/sessions").with_bearer(&mine).await.expect(204);

    for token in &others {
        app.get("/v1/me").with_bearer(token).await.expect_problem(401, "unauthenticated");
    }
    for token in [&mine, &stranger] {
        app.get("/v1/me").with_bearer(token).await.expect(200);
    }
}

#[tokio::test]
async fn success_and_failure_are_told_with_method_device_and_a_part_of_the_address() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let person = phones.person(PHONE).await;
    let token = text(&sign_in(&phones, &person, IPHONE).await, "access_token");
    let password = json!({ "phone": PHONE, "password": "a wrong password" });
    app.post("/v1/auth/password", password).await.expect_refusal("login_wrong");
    let code = json!({ "phone": PHONE, "code": "000000" });
    app.post("/v1/auth/sms", code).await.expect_refusal("sms_code_expired");
    // Another WeChat account with this phone: its holder learns of it.
    let body =
        json!({ "phone_code": phones.phone_code(&person).await, "code": phones.login_code(&person).await });
    app.post("/v1/auth/wechat", body).await.expect(200);
    let next_owner = phones.person(PHONE).await;
    let body = json!({
        "phone_code": phones.phone_code(&next_owner).await, "code": phones.login_code(&next_owner).await,
    });
    app.post("/v1/auth/wechat", body).await.expect_refusal("wechat_taken");

    let history = app.get("/v1/me/sign-ins").with_bearer(&token).await.expect(200);

    let told: Vec<_> =
        items(&history).iter().map(|one| (text(one, "method"), text(one, "outcome"))).collect();
    let expected = [
        ("wechat", "wechat_taken"),
        ("wechat", "signed_in"),
        ("sms", "sms_code_expired"),
        ("password", "login_wrong"),
        ("sms", "signed_in"),
    ];
    assert_eq!(told, expected.map(|(method, outcome)| (method.to_owned(), outcome.to_owned())));
    let oldest = items(&history).last().unwrap();
    assert_eq!((&oldest["device"], &oldest["address"]), (&json!("iPhone · WeChat"), &json!("127.0.*.*")));
    let export = app.get("/v1/me/export").with_bearer(&token).await.expect(200);
    assert_eq!(export["sign_ins"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn the_history_is_forgotten_after_half_a_year() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    sign_in(&phones, &person, IPHONE).await;
    phones.advance(179 * 86_400).await;
    assert_eq!(forget_old_sign_ins(&phones.app.ctx).await.unwrap(), 0);
    phones.advance(2 * 86_400).await;

    assert_eq!(forget_old_sign_ins(&phones.app.ctx).await.unwrap(), 1);
    assert_eq!(forget_old_sign_ins(&phones.app.ctx).await.unwrap(), 0);
}

#[test]
fn a_device_is_called_by_system_and_program() {
    for (agent, label) in [
        (IPHONE, "iPhone · WeChat"),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit Chrome/120 Safari/537 AlipayClient/10",
            "Android · Alipay",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537 Edg/120", "Windows · Edge"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/17 Safari/605", "Mac · Safari"),
        ("curl/8", "curl/8"),
    ] {
        assert_eq!(device_label(agent), label, "{agent}");
    }
}
