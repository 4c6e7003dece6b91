//! Tokens: short ones that follow the session's row, long ones that are good once.

use entity::refresh_token;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tests::people::text;
use tests::{Answer, Phones, TestApp};

async fn signed_in() -> (Phones, Value) {
    let phones = Phones::start().await;
    let person = phones.person("13800138000").await;
    let session = phones.sign_in(&person).await;
    (phones, session)
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

async fn unused_tokens(app: &TestApp) -> u64 {
    refresh_token::Entity::find()
        .filter(refresh_token::Column::UsedAt.is_null())
        .count(app.ctx.db.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_access_token_ends_after_its_time_and_a_refresh_gives_the_next() {
    let (phones, session) = signed_in().await;
    let old = text(&session, "access_token");
    phones.app.get("/v1/me").with_bearer(&old).await.expect(200);

    phones.advance(900).await;
    phones.app.get("/v1/me").with_bearer(&old).await.expect_problem(401, "unauthenticated");
    let next = refresh(&phones.app, &text(&session, "refresh_token")).await.expect(200);

    assert_eq!(next["member"]["id"], session["member"]["id"]);
    phones.app.get("/v1/me").with_bearer(&text(&next, "access_token")).await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_the_session() {
    let (phones, session) = signed_in().await;
    let stolen = text(&session, "refresh_token");
    let next = refresh(&phones.app, &stolen).await.expect(200);

    refresh(&phones.app, &stolen).await.expect_refusal("refresh_token_reused");

    refresh(&phones.app, &text(&next, "refresh_token")).await.expect_refusal("refresh_token_invalid");
    let access = text(&next, "access_token");
    phones.app.get("/v1/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn refreshes_at_once_leave_at_most_one_live_token() {
    let (phones, session) = signed_in().await;
    let token = text(&session, "refresh_token");

    let tries = (0..4).map(|_| refresh(&phones.app, &token));
    let answers = futures_util::future::join_all(tries).await;

    let won: Vec<_> = answers.iter().filter(|answer| answer.status.as_u16() == 200).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(unused_tokens(&phones.app).await, 1);
    // The others were reuses, so even the winner's session is over.
    let winner = text(&won[0].json(), "refresh_token");
    refresh(&phones.app, &winner).await.expect_refusal("refresh_token_invalid");
}

#[tokio::test]
async fn a_refresh_repeated_with_its_key_gets_the_same_tokens() {
    let (phones, session) = signed_in().await;
    let body = json!({ "refresh_token": text(&session, "refresh_token") });

    let first = phones.app.post("/v1/auth/refresh", &body).with_key("again").await.expect(200);
    let second = phones.app.post("/v1/auth/refresh", &body).with_key("again").await.expect(200);

    assert_eq!(first, second);
    phones.app.get("/v1/me").with_bearer(&text(&second, "access_token")).await.expect(200);
}

#[tokio::test]
async fn an_old_refresh_token_is_refused_without_harm() {
    let (phones, session) = signed_in().await;

    phones.advance(2_592_000).await;

    let token = text(&session, "refresh_token");
    refresh(&phones.app, &token).await.expect_refusal("refresh_token_invalid");
    refresh(&phones.app, "invented").await.expect_refusal("refresh_token_invalid");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_may_be_repeated() {
    let (phones, session) = signed_in().await;
    let access = text(&session, "access_token");

    for _ in 0..2 {
        phones.app.ask(reqwest::Method::POST, "/v1/auth/logout").with_bearer(&access).await.expect(204);
    }

    phones.app.get("/v1/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
    let token = text(&session, "refresh_token");
    refresh(&phones.app, &token).await.expect_refusal("refresh_token_invalid");
}

#[tokio::test]
async fn a_token_that_is_not_ours_opens_nothing() {
    let (phones, session) = signed_in().await;
    let access = text(&session, "access_token");
    let (signed, _) = access.rsplit_once('.').unwrap();
    let unsigned = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.e30.";

    for token in [format!("{signed}.AAAA").as_str(), unsigned, "", "x"] {
        phones.app.get("/v1/me").with_bearer(token).await.expect_problem(401, "unauthenticated");
    }
    phones.app.get("/v1/me").await.expect_problem(401, "unauthenticated");
    phones.app.get("/v1/staff/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_disabled_member_is_refused_on_every_path_until_enabled() {
    let phones = Phones::start().await;
    let person = phones.person("13800138000").await;
    let wechat = json!({
        "code": phones.login_code(&person).await, "phone_code": phones.phone_code(&person).await,
    });
    let session = phones.app.post("/v1/auth/wechat", wechat).await.expect(200);
    let alipay = json!({
        "auth_code": phones.alipay_code(&person).await, "encrypted_phone": phones.alipay_phone(&person).await,
    });
    phones.app.post("/v1/auth/alipay", alipay).await.expect(200);
    let owner = phones.app.owner().await;
    let member = format!("/v1/console/members/{}", text(&session["member"], "id"));

    for _ in 0..2 {
        phones.app.post(&format!("{member}/disable"), json!({})).with_bearer(&owner).await.expect(200);
    }

    let access = text(&session, "access_token");
    for path in ["/v1/me", "/v1/me/export"] {
        phones.app.get(path).with_bearer(&access).await.expect_problem(401, "unauthenticated");
    }
    let token = text(&session, "refresh_token");
    refresh(&phones.app, &token).await.expect_refusal("refresh_token_invalid");
    let wechat = json!({ "code": phones.login_code(&person).await });
    phones.app.post("/v1/auth/wechat", wechat).await.expect_refusal("member_disabled");
    let alipay = json!({ "auth_code": phones.alipay_code(&person).await });
    phones.app.post("/v1/auth/alipay", alipay).await.expect_refusal("member_disabled");
    let sms = json!({ "phone": person.phone, "code": phones.sms_code(&person).await });
    phones.app.post("/v1/auth/sms", sms).await.expect_refusal("member_disabled");

    phones.app.post(&format!("{member}/enable"), json!({})).with_bearer(&owner).await.expect(200);
    phones.app.get("/v1/me").with_bearer(&access).await.expect_problem(401, "unauthenticated");
    phones.advance(60).await;
    phones.sign_in(&person).await;
    let audit =
        phones.app.get("/v1/console/audit?action=member.disable").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "doing it twice leaves one row");
}

#[tokio::test]
async fn a_member_disabled_behind_the_sessions_back_is_refused_too() {
    use entity::states::MemberState;
    use sea_orm::sea_query::Expr;
    let (phones, session) = signed_in().await;
    let txn = phones.app.ctx.db.begin().await.unwrap();
    entity::member::Entity::update_many()
        .col_expr(entity::member::Column::State, Expr::value(MemberState::Disabled))
        .exec(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();

    let access = text(&session, "access_token");
    phones.app.get("/v1/me").with_bearer(&access).await.expect_refusal("member_disabled");
    let token = text(&session, "refresh_token");
    refresh(&phones.app, &token).await.expect_refusal("member_disabled");
}
