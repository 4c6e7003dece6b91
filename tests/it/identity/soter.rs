//! Fingerprint or face in the mini-program: WeChat says whether the chip signed, the counter must rise.

use serde_json::{Value, json};
use tests::people::text;
use tests::phones::Person;
use tests::{Answer, Phones};

async fn begin(phones: &Phones, person: &Person) -> Value {
    let body = json!({ "code": phones.login_code(person).await });
    phones.app.post("/v1/auth/soter-challenges", body).await.expect(200)
}

async fn finish(phones: &Phones, begun: &Value, touched: &Value) -> Answer {
    let body = json!({
        "challenge_id": begun["challenge_id"], "result_json": touched["resultJSON"],
        "result_json_signature": touched["resultJSONSignature"],
    });
    phones.app.post("/v1/auth/soter", body).await
}

async fn sign_in(phones: &Phones, person: &Person, counter: Option<u64>) -> Answer {
    let begun = begin(phones, person).await;
    let touch = json!({ "challenge": begun["challenge"], "counter": counter });
    let touched = phones.soter(person, touch).await;
    finish(phones, &begun, &touched).await
}

async fn start() -> (Phones, Person, String) {
    let phones = Phones::start().await;
    let person = phones.person("13800138000").await;
    let body = json!({ "code": phones.login_code(&person).await });
    let signed_in = phones.app.post("/v1/auth/wechat", body).await.expect(200);
    (phones, person, text(&signed_in["member"], "id"))
}

#[tokio::test]
async fn a_finger_on_the_phone_signs_its_owner_in() {
    let (phones, person, id) = start().await;

    for _ in 0..2 {
        let signed_in = sign_in(&phones, &person, None).await.expect(200);
        assert_eq!(signed_in["member"]["id"], json!(id));
    }
}

#[tokio::test]
async fn a_counter_that_does_not_rise_on_its_device_is_refused() {
    let (phones, person, _) = start().await;
    sign_in(&phones, &person, Some(7)).await.expect(200);

    sign_in(&phones, &person, Some(7)).await.expect_refusal("soter_replayed");
    sign_in(&phones, &person, Some(6)).await.expect_refusal("soter_replayed");
    sign_in(&phones, &person, Some(8)).await.expect(200);
    // Another phone of the same person counts for itself.
    let begun = begin(&phones, &person).await;
    let touch = json!({ "challenge": begun["challenge"], "counter": 1, "cpu_id": "another chip" });
    let touched = phones.soter(&person, touch).await;
    finish(&phones, &begun, &touched).await.expect(200);
    let (one, two) = tokio::join!(sign_in(&phones, &person, Some(9)), sign_in(&phones, &person, Some(9)));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "of two answers with one counter one is taken");
}

#[tokio::test]
async fn what_the_chip_did_not_sign_for_this_challenge_and_this_person_is_refused() {
    let (phones, person, _) = start().await;
    let thief = phones.person("13900139000").await;

    let begun = begin(&phones, &person).await;
    let touched = phones.soter(&person, json!({ "challenge": "another challenge" })).await;
    finish(&phones, &begun, &touched).await.expect_refusal("soter_refused");
    let begun = begin(&phones, &person).await;
    let touched = phones.soter(&thief, json!({ "challenge": begun["challenge"] })).await;
    finish(&phones, &begun, &touched).await.expect_refusal("soter_refused");
    let begun = begin(&phones, &person).await;
    let mut touched = phones.soter(&person, json!({ "challenge": begun["challenge"] })).await;
    let reworded = text(&touched, "resultJSON").replace("\"uid\"", " \"uid\"");
    touched["resultJSON"] = json!(reworded);
    finish(&phones, &begun, &touched).await.expect_refusal("soter_refused");
    finish(&phones, &begun, &json!({ "resultJSON": "{}", "resultJSONSignature": "x" }))
        .await
        .expect_invalid("result_json");
}

#[tokio::test]
async fn a_challenge_is_good_once_and_for_five_minutes() {
    let (phones, person, _) = start().await;
    let begun = begin(&phones, &person).await;
    let touched = phones.soter(&person, json!({ "challenge": begun["challenge"] })).await;
    finish(&phones, &begun, &touched).await.expect(200);
    finish(&phones, &begun, &touched).await.expect_refusal("challenge_expired");
    let begun = begin(&phones, &person).await;
    let touched = phones.soter(&person, json!({ "challenge": begun["challenge"] })).await;
    phones.advance(301).await;
    finish(&phones, &begun, &touched).await.expect_refusal("challenge_expired");
}
