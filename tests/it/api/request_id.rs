//! Each answer names its request.

use serde_json::json;
use tests::TestApp;
use tests::people::text;

#[tokio::test]
async fn a_sane_id_of_the_client_is_kept() {
    let app = TestApp::start().await;

    let answer = app.get("/healthz").with_header("x-request-id", "abc-1.2_3").await;

    assert_eq!(answer.header("x-request-id"), Some("abc-1.2_3"));
}

#[tokio::test]
async fn any_other_id_is_replaced() {
    let app = TestApp::start().await;
    for id in ["", "two words", "a\"b", "{}", &"x".repeat(129)] {
        let answer = app.get("/healthz").with_header("x-request-id", id).await;
        let given = answer.header("x-request-id").expect("an id");
        assert!(uuid::Uuid::parse_str(given).is_ok(), "{id:?} became {given:?}");
    }
}

#[tokio::test]
async fn two_requests_have_two_ids() {
    let app = TestApp::start().await;

    let (first, second) = (app.get("/healthz").await, app.get("/healthz").await);

    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/v1/nothing", "/docs/"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
    assert_eq!(app.get("/v1/nothing").await.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_audit_log_names_the_request_also_when_it_has_an_idempotency_key() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let create = |code: &str, id: &str| {
        let body = json!({ "code": code, "name": code });
        app.post("/v1/console/stores", body).with_bearer(&owner).with_header("x-request-id", id)
    };

    create("S1", "plain-1").await.expect(201);
    create("S2", "keyed-1").with_key("k1").await.expect(201);

    let log = app.get("/v1/console/audit?action=store.create").with_bearer(&owner).await.expect(200);
    let named: Vec<_> = (0..2).map(|number| text(&log["items"][number], "request_id")).collect();
    assert_eq!(named, ["keyed-1", "plain-1"]);
}
