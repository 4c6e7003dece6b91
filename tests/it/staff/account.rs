//! Accounts: made, changed, disabled; an owner always remains.

use entity::states::StaffRole;
use serde_json::{Value, json};
use tests::people::{PASSWORD, text};
use tests::{Answer, TestApp};

async fn create(app: &TestApp, owner: &str, login: &str, role: &str) -> Answer {
    let body = json!({ "login": login, "name": "Somebody", "role": role });
    app.post("/v1/console/staff", body).with_bearer(owner).await
}

async fn change(app: &TestApp, owner: &str, id: &str, change: Value) -> Answer {
    app.patch(&format!("/v1/console/staff/{id}"), change).with_bearer(owner).await
}

async fn own_id(app: &TestApp, token: &str) -> String {
    text(&app.get("/v1/staff/me").with_bearer(token).await.expect(200), "id")
}

#[tokio::test]
async fn a_login_is_taken_once_and_its_password_is_shown_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;

    let tries = (0..3).map(|_| create(&app, &owner, "Mei", "cashier"));
    let answers = futures_util::future::join_all(tries).await;

    let made: Vec<_> = answers.iter().filter(|answer| answer.status.as_u16() == 201).collect();
    assert_eq!(made.len(), 1);
    create(&app, &owner, " mei", "cashier").await.expect_refusal("login_taken");
    let password = text(&made[0].json(), "password");
    app.staff_token("mei", &password).await;
    for path in ["/v1/console/staff", "/v1/console/audit"] {
        let answer = app.get(path).with_bearer(&owner).await;
        assert!(!answer.text().contains(&password) && !answer.text().contains("argon2"));
    }
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let made = create(&app, &owner, "mei", "marketer").await.expect(201);
    let token = app.settle_password("mei", &text(&made, "password")).await;
    let id = text(&made["staff"], "id");

    for _ in 0..2 {
        change(&app, &owner, &id, json!({ "state": "disabled" })).await.expect(200);
    }

    app.get("/v1/console/members").with_bearer(&token).await.expect_problem(401, "unauthenticated");
    let body = json!({ "login": "mei", "password": PASSWORD });
    app.post("/v1/staff/auth", body).await.expect_refusal("staff_disabled");
    let wrong = json!({ "login": "mei", "password": "wrong" });
    app.post("/v1/staff/auth", wrong).await.expect_refusal("login_wrong");

    change(&app, &owner, &id, json!({ "state": "active" })).await.expect(200);
    app.staff_token("mei", PASSWORD).await;
    app.get("/v1/console/members").with_bearer(&token).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_changed_role_holds_from_the_next_request_on() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let marketer = app.staff(&owner, StaffRole::Marketer, &[]).await;
    app.get("/v1/console/members").with_bearer(&marketer).await.expect(200);

    let id = own_id(&app, &marketer).await;
    change(&app, &owner, &id, json!({ "role": "cashier" })).await.expect(200);

    app.get("/v1/console/members").with_bearer(&marketer).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn the_last_active_owner_stays() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let id = own_id(&app, &owner).await;

    for demotion in [json!({ "role": "marketer" }), json!({ "state": "disabled" })] {
        change(&app, &owner, &id, demotion).await.expect_refusal("last_owner");
    }
    change(&app, &owner, &id, json!({ "name": "Boss" })).await.expect(200);
}

#[tokio::test]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    let app = TestApp::start().await;
    let first = app.owner().await;
    let second = app.staff(&first, StaffRole::Owner, &[]).await;
    let (first_id, second_id) = (own_id(&app, &first).await, own_id(&app, &second).await);

    let (one, other) = tokio::join!(
        change(&app, &first, &second_id, json!({ "role": "cashier" })),
        change(&app, &second, &first_id, json!({ "role": "cashier" })),
    );

    let demoted = [&one, &other].iter().filter(|answer| answer.status.as_u16() == 200).count();
    assert_eq!(demoted, 1, "{} {}", one.text(), other.text());
}

#[tokio::test]
async fn stores_of_an_account_are_checked() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let nowhere = "0190a000-0000-7000-8000-000000000000";
    let body = |role: &str, stores: Value| json!({ "login": "mei", "name": "Mei", "role": role, "store_ids": stores });

    let unknown = body("cashier", json!([store, nowhere]));
    app.post("/v1/console/staff", unknown).with_bearer(&owner).await.expect_invalid("store_ids[1]");
    let owner_with_store = body("owner", json!([store]));
    app.post("/v1/console/staff", owner_with_store).with_bearer(&owner).await.expect_invalid("store_ids");
    let role = body("king", json!([]));
    app.post("/v1/console/staff", role).with_bearer(&owner).await.expect_invalid("role");
    let right = body("cashier", json!([store]));
    let made = app.post("/v1/console/staff", right).with_bearer(&owner).await.expect(201);

    assert_eq!(made["staff"]["store_ids"], json!([store]));
}

#[tokio::test]
async fn a_store_manager_sees_the_staff_of_the_own_stores() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let (here, there) = (app.store(&owner, "S1").await, app.store(&owner, "S2").await);
    let manager = app.staff(&owner, StaffRole::StoreManager, &[here]).await;
    let colleague = app.staff(&owner, StaffRole::Cashier, &[here, there]).await;
    app.staff(&owner, StaffRole::Cashier, &[there]).await;

    let page = app.get("/v1/console/staff").with_bearer(&manager).await.expect(200);

    let mut seen: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect();
    seen.sort();
    let mut expected = [own_id(&app, &manager).await, own_id(&app, &colleague).await];
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_reset_password_ends_the_sessions_and_must_be_changed() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let made = create(&app, &owner, "mei", "marketer").await.expect(201);
    let token = app.settle_password("mei", &text(&made, "password")).await;

    let path = format!("/v1/console/staff/{}/password-resets", text(&made["staff"], "id"));
    let reset = app.post(&path, json!({})).with_bearer(&owner).await.expect(201);

    app.get("/v1/staff/me").with_bearer(&token).await.expect_problem(401, "unauthenticated");
    let token = app.staff_token("mei", &text(&reset, "password")).await;
    app.get("/v1/console/members").with_bearer(&token).await.expect_refusal("password_change_required");
}
