//! Signing in by WeChat and Alipay: who is recognised, what is bound, what is refused.

use entity::states::MemberState;
use entity::{identity, member};
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};
use service::ids::MemberId;
use tests::phones::Person;
use tests::{Answer, Phones};

const PHONE: &str = "13800138000";

async fn by_wechat(phones: &Phones, person: &Person, with_phone: bool) -> Answer {
    let mut body = json!({ "code": phones.login_code(person).await });
    if with_phone {
        body["phone_code"] = Value::from(phones.phone_code(person).await);
    }
    phones.app.post("/v1/auth/wechat", body).await
}

async fn members(phones: &Phones) -> u64 {
    member::Entity::find().count(phones.app.ctx.db.read()).await.unwrap()
}

#[tokio::test]
async fn wechat_alone_enrols_and_finds_the_same_member_again() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;

    let first = by_wechat(&phones, &person, false).await.expect(200);
    let second = by_wechat(&phones, &person, false).await.expect(200);

    assert_eq!(first["enrolled"], true);
    assert_eq!(first["member"]["phone"], Value::Null);
    assert_eq!(second["enrolled"], false);
    assert_eq!(first["member"]["id"], second["member"]["id"]);
}

#[tokio::test]
async fn a_phone_proven_later_joins_the_wechat_member() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let first = by_wechat(&phones, &person, false).await.expect(200);

    let with_phone = by_wechat(&phones, &person, true).await.expect(200);
    let by_sms = phones.sign_in(&person).await;

    assert_eq!(with_phone["member"]["id"], first["member"]["id"]);
    assert_eq!(with_phone["member"]["phone"], "138****8000");
    assert_eq!(by_sms["member"]["id"], first["member"]["id"]);
}

#[tokio::test]
async fn an_imported_member_is_found_by_the_phone_that_wechat_proves() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let imported = phones.app.member(PHONE).await;

    let signed_in = by_wechat(&phones, &person, true).await.expect(200);
    let again = by_wechat(&phones, &person, false).await.expect(200);

    assert_eq!(signed_in["enrolled"], false);
    assert_eq!(signed_in["member"]["id"], imported.to_string());
    assert_eq!(again["member"]["id"], imported.to_string());
}

#[tokio::test]
async fn first_sign_ins_at_once_make_one_member() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;

    let tries = (0..6).map(|_| by_wechat(&phones, &person, true));
    let answers = join_all(tries).await;

    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.expect(200)["member"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(members(&phones).await, 1);
    let identities = identity::Entity::find().count(phones.app.ctx.db.read()).await.unwrap();
    assert_eq!(identities, 3, "openid, unionid and phone, each once");
}

#[tokio::test]
async fn known_members_who_sign_in_at_once_get_a_session_of_their_own_each() {
    let phones = Phones::start().await;
    let mut people = Vec::new();
    for number in 0..4 {
        let person = phones.person(&format!("1380013800{number}")).await;
        let enrolled = by_wechat(&phones, &person, true).await.expect(200);
        people.push((person, enrolled["member"]["id"].clone()));
    }
    disable(&phones, &people[3].1).await;

    let answers = join_all(people.iter().map(|(person, _)| by_wechat(&phones, person, false))).await;

    answers[3].expect_refusal("member_disabled");
    for ((_, id), answer) in people.iter().zip(&answers[..3]) {
        let answer = answer.expect(200);
        let token = answer["access_token"].as_str().unwrap();
        let me = phones.app.get("/v1/me").with_bearer(token).await.expect(200);
        let tried = phones.app.get("/v1/me/sign-ins").with_bearer(token).await.expect(200);
        assert_eq!((&answer["enrolled"], &answer["member"]["id"], &me["id"]), (&json!(false), id, id));
        assert_eq!(tried["items"].as_array().unwrap().len(), 2);
    }
}

async fn disable(phones: &Phones, id: &Value) {
    let id: MemberId = id.as_str().unwrap().parse().unwrap();
    let row = member::Entity::find_by_id(id).one(phones.app.ctx.db.read()).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.state = sea_orm::ActiveValue::Set(MemberState::Disabled);
    row.update(phones.app.ctx.db.writer()).await.unwrap();
}

#[tokio::test]
async fn a_login_code_is_good_once() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "code": phones.login_code(&person).await });
    phones.app.post("/v1/auth/wechat", &body).await.expect(200);

    phones.app.post("/v1/auth/wechat", &body).await.expect_refusal("sign_in_code_invalid");
    let invented = json!({ "code": "invented" });
    phones.app.post("/v1/auth/wechat", invented).await.expect_refusal("sign_in_code_invalid");
}

#[tokio::test]
async fn a_repeat_with_the_same_key_gets_the_same_tokens() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let body = json!({ "code": phones.login_code(&person).await });

    let first = phones.app.post("/v1/auth/wechat", &body).with_key("tap-1").await.expect(200);
    let second = phones.app.post("/v1/auth/wechat", &body).with_key("tap-1").await.expect(200);

    assert_eq!(first, second);
}

#[tokio::test]
async fn a_person_whom_wechat_holds_for_a_risk_is_refused() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    phones.change_person(&person, json!({ "risky": true })).await;

    by_wechat(&phones, &person, false).await.expect_refusal("sign_in_risky");
}

#[tokio::test]
async fn a_wechat_that_is_down_is_said_to_be_down() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    phones.set_faults(json!({ "paths": { "*": { "error_rate": 1.0, "errcode": -1 } } })).await;

    by_wechat(&phones, &person, false).await.expect_problem(503, "unavailable");
}

#[tokio::test]
async fn a_phone_does_not_bring_a_second_wechat_to_a_member() {
    let phones = Phones::start().await;
    let holder = phones.person(PHONE).await;
    by_wechat(&phones, &holder, true).await.expect(200);
    let next_owner = phones.person(PHONE).await;

    by_wechat(&phones, &next_owner, true).await.expect_refusal("wechat_taken");

    assert_eq!(members(&phones).await, 1);
}

#[tokio::test]
async fn a_wechat_member_whose_phone_button_proves_another_records_phone_becomes_one_with_it() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let first = by_wechat(&phones, &person, false).await.expect(200);
    let imported = phones.app.member(PHONE).await;

    let (one, two) = tokio::join!(by_wechat(&phones, &person, true), by_wechat(&phones, &person, true));

    // Who came first stays, and two proofs at once merge once.
    for answer in [one, two] {
        assert_eq!(answer.expect(200)["member"]["id"], first["member"]["id"]);
    }
    assert_eq!(by_wechat(&phones, &person, false).await.expect(200)["member"]["id"], first["member"]["id"]);
    let gone = member::Entity::find_by_id(imported).one(phones.app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(gone.state, entity::states::MemberState::Merged);
}

#[tokio::test]
async fn an_alipay_account_and_a_wechat_account_with_one_phone_become_one_member() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let wechat = by_wechat(&phones, &person, false).await.expect(200);
    let alipay = json!({
        "auth_code": phones.alipay_code(&person).await, "encrypted_phone": phones.alipay_phone(&person).await,
    });
    phones.app.post("/v1/auth/alipay", alipay).await.expect(200);
    assert_eq!(members(&phones).await, 2);

    let merged = by_wechat(&phones, &person, true).await.expect(200);

    assert_eq!(merged["member"]["id"], wechat["member"]["id"]);
    let alipay = json!({ "auth_code": phones.alipay_code(&person).await });
    let again = phones.app.post("/v1/auth/alipay", alipay).await.expect(200);
    assert_eq!(again["member"]["id"], wechat["member"]["id"]);
}

#[tokio::test]
async fn alipay_enrols_with_the_phone_and_meets_the_member_of_wechat() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;
    let by_wechat = by_wechat(&phones, &person, true).await.expect(200);

    let body = json!({
        "auth_code": phones.alipay_code(&person).await, "encrypted_phone": phones.alipay_phone(&person).await,
    });
    let by_alipay = phones.app.post("/v1/auth/alipay", body).await.expect(200);
    let again = json!({ "auth_code": phones.alipay_code(&person).await });
    let again = phones.app.post("/v1/auth/alipay", again).await.expect(200);

    assert_eq!(by_alipay["member"]["id"], by_wechat["member"]["id"]);
    assert_eq!(again["member"]["id"], by_wechat["member"]["id"]);
}

#[tokio::test]
async fn what_alipay_did_not_say_is_refused() {
    let phones = Phones::start().await;
    let person = phones.person(PHONE).await;

    let invented = json!({ "auth_code": "invented" });
    phones.app.post("/v1/auth/alipay", invented).await.expect_refusal("sign_in_code_invalid");
    let forged =
        json!({ "auth_code": phones.alipay_code(&person).await, "encrypted_phone": "{\"response\":\"x\"}" });
    phones.app.post("/v1/auth/alipay", forged).await.expect_invalid("encrypted_phone");
}

#[tokio::test]
async fn a_channel_that_is_not_configured_is_refused() {
    let app = tests::TestApp::start().await;

    app.post("/v1/auth/wechat", json!({ "code": "any" })).await.expect_refusal("channel_not_configured");
    app.post("/v1/auth/alipay", json!({ "auth_code": "any" })).await.expect_refusal("channel_not_configured");
    app.post("/v1/auth/sms-codes", json!({ "phone": PHONE })).await.expect_refusal("channel_not_configured");
}

#[tokio::test]
async fn an_empty_code_is_told_by_its_field() {
    let phones = Phones::start().await;
    for (path, body, field) in [
        ("/v1/auth/wechat", json!({ "code": " " }), "code"),
        ("/v1/auth/wechat", json!({ "code": "some", "phone_code": "" }), "phone_code"),
        ("/v1/auth/alipay", json!({ "auth_code": "" }), "auth_code"),
    ] {
        phones.app.post(path, body).await.expect_invalid(field);
    }
}
