//! SMS codes: sent sparingly, guessed rarely, used once.

use serde_json::json;
use tests::Phones;
use tests::people::text;

const PHONE: &str = "19012345678";
const WRONG: &str = "not-it";

#[tokio::test]
async fn the_first_sign_in_by_sms_enrols_and_the_second_finds_the_same_member() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;

    let first = phones.sign_in(&person).await;
    phones.advance(60).await;
    let second = phones.sign_in(&person).await;

    assert_eq!(first["enrolled"], true);
    assert_eq!(second["enrolled"], false);
    assert_eq!(first["member"]["id"], second["member"]["id"]);
    assert_eq!(first["member"]["phone"], "190****5678");
    assert_eq!(first["member"]["marketing_consent"], false);
    assert_eq!(first["expires_in"], 900);
}

#[tokio::test]
async fn a_code_is_used_once() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;
    let body = json!({ "phone": PHONE, "code": code });

    phones.app.post("/v1/auth/sms", &body).await.expect(200);

    phones.app.post("/v1/auth/sms", &body).await.expect_refusal("sms_code_expired");
}

#[tokio::test]
async fn of_two_sign_ins_at_once_with_one_code_one_is_let_in() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;
    let body = json!({ "phone": PHONE, "code": code });

    let (one, other) = tokio::join!(async { phones.app.post("/v1/auth/sms", &body).await }, async {
        phones.app.post("/v1/auth/sms", &body).await
    });

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_code_dies_after_too_many_wrong_tries() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;
    let wrong = json!({ "phone": PHONE, "code": WRONG });

    for _ in 0..4 {
        phones.app.post("/v1/auth/sms", &wrong).await.expect_refusal("sms_code_wrong");
    }
    phones.app.post("/v1/auth/sms", &wrong).await.expect_refusal("sms_code_tries_exceeded");

    let right = json!({ "phone": PHONE, "code": code });
    phones.app.post("/v1/auth/sms", &right).await.expect_refusal("sms_code_tries_exceeded");
}

#[tokio::test]
async fn wrong_tries_at_once_are_all_counted() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    phones.sms_code(&person).await;
    let wrong = json!({ "phone": PHONE, "code": WRONG });

    let tries = (0..5).map(|_| async { phones.app.post("/v1/auth/sms", &wrong).await });
    let answers = futures_util::future::join_all(tries).await;

    let exceeded = answers.iter().filter(|answer| answer.json()["code"] == "sms_code_tries_exceeded").count();
    assert_eq!(exceeded, 1, "the fifth wrong try kills the code");
}

#[tokio::test]
async fn a_code_is_refused_once_its_time_is_over() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;

    phones.advance(300).await;

    let body = json!({ "phone": PHONE, "code": code });
    phones.app.post("/v1/auth/sms", &body).await.expect_refusal("sms_code_expired");
}

#[tokio::test]
async fn a_newer_code_kills_the_older_one() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let older = phones.sms_code(&person).await;
    phones.advance(60).await;
    let newer = phones.sms_code(&person).await;

    if older != newer {
        let body = json!({ "phone": PHONE, "code": older });
        phones.app.post("/v1/auth/sms", &body).await.expect_refusal("sms_code_wrong");
    }
    let body = json!({ "phone": PHONE, "code": newer });
    phones.app.post("/v1/auth/sms", &body).await.expect(200);
}

#[tokio::test]
async fn the_next_code_waits_for_the_resend_gap() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "phone": PHONE });
    phones.app.post("/v1/auth/sms-codes", &body).await.expect(200);

    phones.advance(20).await;
    let early = phones.app.post("/v1/auth/sms-codes", &body).await;
    early.expect_problem(429, "rate_limited");
    assert_eq!(early.header("retry-after"), Some("40"));

    phones.advance(40).await;
    phones.app.post("/v1/auth/sms-codes", &body).await.expect(200);
    assert_eq!(phones.sms_count(&person).await, 2);
}

#[tokio::test]
async fn two_requests_for_a_code_at_once_send_one_message() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "phone": PHONE });

    let asks = (0..4).map(|_| async { phones.app.post("/v1/auth/sms-codes", &body).await });
    let answers = futures_util::future::join_all(asks).await;

    let sent = answers.iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(sent, 1);
    assert_eq!(phones.sms_count(&person).await, 1);
}

#[tokio::test]
async fn a_phone_gets_so_many_codes_in_a_day_of_the_shop() {
    let phones = Phones::with_settings("sign_in.sms_per_phone_per_day = 2").await;
    let person = phones.person(PHONE).await;
    let body = json!({ "phone": PHONE });
    for _ in 0..2 {
        phones.app.post("/v1/auth/sms-codes", &body).await.expect(200);
        phones.advance(60).await;
    }

    phones.app.post("/v1/auth/sms-codes", &body).await.expect_problem(429, "rate_limited");
    // 10:02 in Shanghai; the day ends there at midnight.
    phones.advance(14 * 3600).await;
    phones.app.post("/v1/auth/sms-codes", &body).await.expect(200);

    assert_eq!(phones.sms_count(&person).await, 3);
}

#[tokio::test]
async fn an_address_gets_so_many_codes_in_an_hour() {
    let phones = Phones::with_settings("sign_in.sms_per_address_per_hour = 2").await;
    for phone in ["13800000001", "13800000002"] {
        phones.person(phone).await;
        phones.app.post("/v1/auth/sms-codes", json!({ "phone": phone })).await.expect(200);
    }
    phones.person("13800000003").await;
    let third = json!({ "phone": "13800000003" });

    phones.app.post("/v1/auth/sms-codes", &third).await.expect_problem(429, "rate_limited");

    phones.advance(3600).await;
    phones.app.post("/v1/auth/sms-codes", &third).await.expect(200);
}

#[tokio::test]
async fn a_device_gets_so_many_codes_in_a_day_whatever_the_phones() {
    let phones = Phones::with_settings("sign_in.sms_per_device_per_day = 2").await;
    let ask = async |phone: &str, device: &str| {
        let body = json!({ "phone": phone });
        phones.app.post("/v1/auth/sms-codes", body).with_header("x-device-id", device).await
    };
    for phone in ["13800000001", "13800000002", "13800000003", "13800000004"] {
        phones.person(phone).await;
    }
    ask("13800000001", "device-0123456789").await.expect(200);
    ask("13800000002", "device-0123456789").await.expect(200);

    ask("13800000003", "device-0123456789").await.expect_problem(429, "rate_limited");
    ask("13800000003", "device-9876543210").await.expect(200);
    // 10:00 in Shanghai; the day ends there at midnight.
    phones.advance(14 * 3600).await;
    ask("13800000004", "device-0123456789").await.expect(200);
}

#[tokio::test]
async fn an_address_has_so_many_sign_in_attempts_in_a_minute() {
    let phones = Phones::with_settings("sign_in.attempts_per_address_per_minute = 3").await;
    let body = json!({ "phone": PHONE, "code": WRONG });
    for _ in 0..3 {
        phones.app.post("/v1/auth/sms", &body).await.expect_refusal("sms_code_expired");
    }

    phones.app.post("/v1/auth/sms", &body).await.expect_problem(429, "rate_limited");

    phones.advance(60).await;
    phones.app.post("/v1/auth/sms", &body).await.expect_refusal("sms_code_expired");
}

#[tokio::test]
async fn a_supplier_that_fails_gives_the_resend_gap_back() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "phone": PHONE });
    phones.set_faults(json!({ "paths": { "/aliyun/SendSms": { "http_500_rate": 1.0 } } })).await;

    phones.app.post("/v1/auth/sms-codes", &body).await.expect_problem(503, "unavailable");

    phones.set_faults(json!({})).await;
    phones.app.post("/v1/auth/sms-codes", &body).await.expect(200);
    assert_eq!(phones.sms_count(&person).await, 1);
}

#[tokio::test]
async fn the_answer_to_asking_for_a_code_does_not_tell_who_is_a_member() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    phones.person("13800000009").await;
    phones.sign_in(&person).await;
    phones.advance(60).await;

    let of_member = phones.app.post("/v1/auth/sms-codes", json!({ "phone": PHONE })).await.expect(200);
    let of_nobody =
        phones.app.post("/v1/auth/sms-codes", json!({ "phone": "13800000009" })).await.expect(200);

    assert_eq!(of_member, of_nobody);
}

#[tokio::test]
async fn a_number_is_read_as_people_write_it_and_refused_when_it_is_none() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;

    let body = json!({ "phone": "+86 190-1234-5678", "code": code });
    phones.app.post("/v1/auth/sms", body).await.expect(200);

    for phone in ["", "12345678901", "1901234567", "190123456789", "二三"] {
        phones.app.post("/v1/auth/sms-codes", json!({ "phone": phone })).await.expect_invalid("phone");
    }
}

#[tokio::test]
async fn a_ticked_box_is_a_consent_and_one_left_alone_withdraws_nothing() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let code = phones.sms_code(&person).await;
    let ticked = json!({ "phone": PHONE, "code": code, "marketing_consent": true });

    let first = phones.app.post("/v1/auth/sms", ticked).await.expect(200);
    phones.advance(60).await;
    let second = phones.sign_in(&person).await;

    assert_eq!(first["member"]["marketing_consent"], true);
    assert_eq!(second["member"]["marketing_consent"], true);
    assert_eq!(text(&first["member"], "id"), text(&second["member"], "id"));
}
