//! `PATCH /v1/me`: absent stays, null clears, each field is checked by its name.

use serde_json::{Value, json};
use tests::Phones;
use tests::people::text;

async fn member() -> (Phones, String) {
    let phones = Phones::start().await;
    let person = phones.person("13800138000").await;
    let session = phones.sign_in(&person).await;
    let token = text(&session, "access_token");
    (phones, token)
}

#[tokio::test]
async fn an_absent_field_stays_and_null_clears_it() {
    let (phones, token) = member().await;
    let owner = phones.app.owner().await;
    let store = phones.app.store(&owner, "S1").await;
    let full = json!({
        "name": " 小林 ", "gender": "female", "birthday": "1990-02-28", "zone": "Asia/Urumqi",
        "home_store_id": store, "marketing_consent": true,
    });

    let set = phones.app.patch("/v1/me", full).with_bearer(&token).await.expect(200);
    let cleared = json!({ "name": null, "zone": null });
    let cleared = phones.app.patch("/v1/me", cleared).with_bearer(&token).await.expect(200);
    let me = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);

    assert_eq!(set["name"], "小林");
    assert_eq!(set["home_store_id"], store.to_string());
    assert_eq!(cleared["name"], Value::Null);
    assert_eq!(cleared["zone"], Value::Null);
    assert_eq!(cleared["gender"], "female");
    assert_eq!(cleared["birthday"], "1990-02-28");
    assert_eq!(cleared["marketing_consent"], true);
    assert_eq!(me, cleared);
}

#[tokio::test]
async fn a_wrong_field_is_named_and_nothing_is_written() {
    let (phones, token) = member().await;
    let owner = phones.app.owner().await;
    let store = phones.app.store(&owner, "S1").await;
    let closed = json!({ "state": "closed" });
    let path = format!("/v1/console/stores/{store}");
    phones.app.patch(&path, closed).with_bearer(&owner).await.expect(200);
    let long = "长".repeat(41);

    for (field, value) in [
        ("name", json!("")),
        ("name", json!(long)),
        ("name", json!("a\nb")),
        ("gender", json!("robot")),
        ("birthday", json!("2026-03-03")),
        ("birthday", json!("1899-12-31")),
        ("birthday", json!("1990-02-30")),
        ("zone", json!("Mars/Base")),
        ("home_store_id", json!("not-an-id")),
        ("home_store_id", json!("0190a000-0000-7000-8000-000000000000")),
        ("home_store_id", json!(store)),
        ("marketing_consent", json!(null)),
        ("marketing_consent", json!("yes")),
        ("card_number", json!("6000")),
    ] {
        let body = json!({ field: value });
        phones.app.patch("/v1/me", body).with_bearer(&token).await.expect_invalid(field);
    }
    let half = json!({ "gender": "male", "zone": "Mars/Base" });
    phones.app.patch("/v1/me", half).with_bearer(&token).await.expect_invalid("zone");

    let me = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    assert_eq!(me["gender"], Value::Null);
}

#[tokio::test]
async fn changes_of_different_fields_at_once_are_all_kept() {
    let (phones, token) = member().await;
    let name = json!({ "name": "小林" });
    let gender = json!({ "gender": "other" });

    let (one, other) =
        tokio::join!(async { phones.app.patch("/v1/me", name).with_bearer(&token).await }, async {
            phones.app.patch("/v1/me", gender).with_bearer(&token).await
        },);

    one.expect(200);
    other.expect(200);
    let me = phones.app.get("/v1/me").with_bearer(&token).await.expect(200);
    assert_eq!((&me["name"], &me["gender"]), (&json!("小林"), &json!("other")));
}

#[tokio::test]
async fn a_consent_and_its_withdrawal_leave_evidence_once_each() {
    let (phones, token) = member().await;
    let owner = phones.app.owner().await;
    for given in [true, true, false, false] {
        let body = json!({ "marketing_consent": given });
        phones.app.patch("/v1/me", body).with_bearer(&token).await.expect(200);
    }

    let path = "/v1/console/audit?action=member.marketing_consent";
    let audit = phones.app.get(path).with_bearer(&owner).await.expect(200);

    let given: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"]["given"].clone()).collect();
    assert_eq!(given, [json!(false), json!(true)], "newest first");
}
