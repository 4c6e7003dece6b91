//! Passkeys with a soft authenticator: added, used, copied, presented at the wrong place.

use serde_json::{Value, json};
use tests::authenticator::Authenticator;
use tests::people::text;
use tests::{Answer, Phones};

const ORIGIN: &str = "https://m.example.cn";

async fn member() -> (Phones, String) {
    let phones = Phones::with_settings("public_url = \"https://m.example.cn\"").await;
    let person = phones.person("13800138000").await;
    let token = text(&phones.sign_in(&person).await, "access_token");
    (phones, token)
}

async fn add(phones: &Phones, token: &str, authenticator: &mut Authenticator) -> Answer {
    let begun = phones.app.post("/v1/me/passkeys/challenges", json!({})).with_bearer(token).await.expect(200);
    let body = json!({
        "challenge_id": begun["challenge_id"], "name": "我的手机",
        "credential": authenticator.register(&begun["options"]),
    });
    phones.app.post("/v1/me/passkeys", body).with_bearer(token).await
}

#[tokio::test]
async fn a_passkey_knows_whose_it_is_since_who_signs_in_names_nobody() {
    let (phones, token) = member().await;

    let begun =
        phones.app.post("/v1/me/passkeys/challenges", json!({})).with_bearer(&token).await.expect(200);

    let selection = &begun["options"]["publicKey"]["authenticatorSelection"];
    assert_eq!(
        (&selection["residentKey"], &selection["requireResidentKey"]),
        (&json!("required"), &json!(true))
    );
    assert_eq!(selection["userVerification"], "required");
}

async fn begin(phones: &Phones) -> Value {
    phones.app.post("/v1/auth/passkey-challenges", json!({})).await.expect(200)
}

async fn finish(phones: &Phones, begun: &Value, credential: Value) -> Answer {
    let body = json!({ "challenge_id": begun["challenge_id"], "credential": credential });
    phones.app.post("/v1/auth/passkeys", body).await
}

async fn sign_in(phones: &Phones, authenticator: &mut Authenticator) -> Answer {
    let begun = begin(phones).await;
    let credential = authenticator.sign(&begun["options"]);
    finish(phones, &begun, credential).await
}

#[tokio::test]
async fn a_passkey_is_added_signs_in_is_listed_and_removed() {
    let (phones, token) = member().await;
    let mut key = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    let added = add(&phones, &token, &mut key).await.expect(201);

    for _ in 0..2 {
        let signed_in = sign_in(&phones, &mut key).await.expect(200);
        assert_eq!(
            (&signed_in["enrolled"], &signed_in["member"]["phone"]),
            (&json!(false), &json!("138****8000"))
        );
    }

    let listed = phones.app.get("/v1/me/passkeys").with_bearer(&token).await.expect(200);
    assert_eq!(listed["items"][0]["name"], "我的手机");
    assert!(listed["items"][0]["last_used_at"].is_string());
    let history = phones.app.get("/v1/me/sign-ins").with_bearer(&token).await.expect(200);
    assert_eq!(history["items"][0]["method"], "passkey");
    let path = format!("/v1/me/passkeys/{}", text(&added, "id"));
    phones.app.delete(&path).with_bearer(&token).await.expect(204);
    phones.app.delete(&path).with_bearer(&token).await.expect_problem(404, "not_found");
    sign_in(&phones, &mut key).await.expect_refusal("passkey_invalid");
}

#[tokio::test]
async fn a_copy_is_told_by_its_counter_and_the_passkey_is_refused_from_then_on() {
    let (phones, token) = member().await;
    let mut key = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    add(&phones, &token, &mut key).await.expect(201);
    sign_in(&phones, &mut key).await.expect(200);
    sign_in(&phones, &mut key).await.expect(200);

    // The copy was made before the last two signatures.
    key.counter -= 1;
    sign_in(&phones, &mut key).await.expect_refusal("passkey_cloned");
    key.counter += 10;
    sign_in(&phones, &mut key).await.expect_refusal("passkey_cloned");

    let listed = phones.app.get("/v1/me/passkeys").with_bearer(&token).await.expect(200);
    assert_eq!(listed["items"][0]["refused"], true);
    let history = phones.app.get("/v1/me/sign-ins").with_bearer(&token).await.expect(200);
    assert_eq!(history["items"][0]["outcome"], "passkey_cloned");
}

#[tokio::test]
async fn another_origin_an_unverified_person_and_a_forged_signature_are_refused() {
    let (phones, token) = member().await;
    let mut phisher = Authenticator::new("https://m.examp1e.cn", b"credential-of-my-phone");
    add(&phones, &token, &mut phisher).await.expect_refusal("passkey_invalid");
    let mut key = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    key.verifies_user = false;
    add(&phones, &token, &mut key).await.expect_refusal("passkey_invalid");
    key.verifies_user = true;
    add(&phones, &token, &mut key).await.expect(201);

    key.origin = "https://m.examp1e.cn".to_owned();
    sign_in(&phones, &mut key).await.expect_refusal("passkey_invalid");
    key.origin = ORIGIN.to_owned();
    key.verifies_user = false;
    sign_in(&phones, &mut key).await.expect_refusal("passkey_invalid");
    key.verifies_user = true;
    let mut forger = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    sign_in(&phones, &mut forger).await.expect_refusal("passkey_invalid");
    let mut stranger = Authenticator::new(ORIGIN, b"nobody-knows-this-one");
    sign_in(&phones, &mut stranger).await.expect_refusal("passkey_invalid");

    sign_in(&phones, &mut key).await.expect(200);
}

#[tokio::test]
async fn a_challenge_is_good_once_for_five_minutes_and_for_nobody_else() {
    let (phones, token) = member().await;
    let mut key = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    add(&phones, &token, &mut key).await.expect(201);
    add(&phones, &token, &mut key).await.expect_refusal("passkey_invalid");

    let begun = begin(&phones).await;
    let (one, two) = (key.sign(&begun["options"]), key.sign(&begun["options"]));
    let (one, two) = tokio::join!(finish(&phones, &begun, one), finish(&phones, &begun, two));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "of two answers to one challenge one is taken");
    let old = begin(&phones).await;
    let credential = key.sign(&old["options"]);
    phones.advance(301).await;
    finish(&phones, &old, credential).await.expect_refusal("challenge_expired");
    // Answered with what belongs to another challenge.
    let (first, second) = (begin(&phones).await, begin(&phones).await);
    let credential = key.sign(&first["options"]);
    finish(&phones, &second, credential).await.expect_refusal("passkey_invalid");
    let begun =
        phones.app.post("/v1/me/passkeys/challenges", json!({})).with_bearer(&token).await.expect(200);
    let other = phones.app.member("13900139000").await;
    let other = phones.app.member_session(other).await;
    let mut theirs = Authenticator::new(ORIGIN, b"credential-of-another");
    let body = json!({
        "challenge_id": begun["challenge_id"], "name": "x", "credential": theirs.register(&begun["options"]),
    });
    phones.app.post("/v1/me/passkeys", body).with_bearer(&other).await.expect_refusal("challenge_expired");
    let nonsense = json!({ "challenge_id": "none", "credential": { "id": 1 } });
    phones.app.post("/v1/auth/passkeys", nonsense).await.expect_invalid("credential");
}

#[tokio::test]
async fn a_member_has_ten_passkeys_at_most_and_a_disabled_one_gets_in_by_none() {
    let (phones, token) = member().await;
    let mut first = Authenticator::new(ORIGIN, b"credential-number-0");
    add(&phones, &token, &mut first).await.expect(201);
    for number in 1..10 {
        let id = format!("credential-number-{number}");
        add(&phones, &token, &mut Authenticator::new(ORIGIN, id.as_bytes())).await.expect(201);
    }
    let mut eleventh = Authenticator::new(ORIGIN, b"credential-number-10");
    add(&phones, &token, &mut eleventh).await.expect_refusal("passkey_limit_reached");

    let owner = phones.app.owner().await;
    let me = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    let disable = format!("/v1/console/members/{}/disable", text(&me, "id"));
    phones.app.post(&disable, json!({})).with_bearer(&owner).await.expect(200);
    sign_in(&phones, &mut first).await.expect_refusal("member_disabled");
}

#[tokio::test]
async fn a_passkey_goes_along_when_two_records_are_merged() {
    let (phones, token) = member().await;
    let mut key = Authenticator::new(ORIGIN, b"credential-of-my-phone");
    add(&phones, &token, &mut key).await.expect(201);
    let mine = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    let other = phones.app.member("13900139000").await;
    let owner = phones.app.owner().await;
    let merge = json!({ "other_id": mine["id"], "reason": "the same person" });
    let merge =
        phones.app.post(&format!("/v1/console/members/{other}/merges"), merge).with_bearer(&owner).await;
    let kept = merge.expect(200);

    let signed_in = sign_in(&phones, &mut key).await.expect(200);
    assert_eq!(signed_in["member"]["id"], kept["id"]);
}

#[tokio::test]
async fn without_an_address_of_ours_there_are_no_passkeys() {
    let phones = Phones::start().await;
    let refused = phones.app.post("/v1/auth/passkey-challenges", json!({})).await;
    refused.expect_refusal("channel_not_configured");
}
