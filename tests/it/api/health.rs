//! What operators and load balancers are told.

use api::ReadinessCheck;
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_process_that_serves_lives() {
    assert_eq!(TestApp::start().await.get("/healthz").await.expect(200), json!({ "status": "ok" }));
}

#[tokio::test]
async fn it_is_ready_when_every_dependency_answers() {
    let app = TestApp::with_server("", |server| {
        server.with_check(ReadinessCheck::new("broker", || async { Ok(()) }))
    })
    .await;

    let readiness = app.get("/readyz").await.expect(200);

    let ok = json!({ "status": "ok" });
    assert_eq!(readiness["status"], "ok");
    assert_eq!(readiness["dependencies"], json!({ "database": ok, "shared_state": ok, "broker": ok }));
}

#[tokio::test]
async fn it_says_which_dependency_is_down_and_why() {
    let app = TestApp::with_server("", |server| {
        server.with_check(ReadinessCheck::new("broker", || async { Err("connection refused".to_owned()) }))
    })
    .await;

    let readiness = app.get("/readyz").await.expect(503);

    assert_eq!(readiness["status"], "down");
    assert_eq!(readiness["dependencies"]["database"]["status"], "ok");
    assert_eq!(
        readiness["dependencies"]["broker"],
        json!({ "status": "down", "reason": "connection refused" })
    );
}

#[tokio::test]
async fn a_dependency_that_hangs_is_down() {
    let app = TestApp::with_server("", |server| {
        server.with_check(ReadinessCheck::new("broker", std::future::pending))
    })
    .await;

    let readiness = app.get("/readyz").await.expect(503);

    assert_eq!(readiness["dependencies"]["broker"]["reason"], "no answer within 2 s");
}

#[tokio::test]
async fn a_closed_database_is_down() {
    let app = TestApp::start().await;
    app.ctx.db.clone().close().await;

    let readiness = app.get("/readyz").await.expect(503);

    assert_eq!(readiness["dependencies"]["database"]["status"], "down");
}

#[tokio::test]
async fn metrics_are_those_of_the_process() {
    let app = TestApp::with_server("", |server| server.with_metrics(|| "huike_up 1\n".to_owned())).await;

    let answer = app.get("/metrics").await;

    assert_eq!(answer.text(), "huike_up 1\n");
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
}

#[tokio::test]
async fn a_process_without_the_api_answers_operators_alone() {
    let app = TestApp::with_operators_only().await;

    app.get("/readyz").await.expect(200);
    app.get("/v1/me").await.expect_problem(404, "path_not_found");
}
