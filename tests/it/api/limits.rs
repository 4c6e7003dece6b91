//! A request is bounded in size and in time.

use actix_web::web;
use api::input::Json;
use serde_json::{Value, json};
use tests::TestApp;

async fn length(Json(body): Json<Value>) -> String {
    body["text"].as_str().map_or(0, str::len).to_string()
}

async fn never() -> String {
    std::future::pending().await
}

async fn panics() -> String {
    panic!("a handler's bug");
}

async fn app(settings: &str) -> TestApp {
    TestApp::with_server(settings, |server| {
        server.with_mount(|config| {
            config
                .route("/v1/test/length", web::post().to(length))
                .route("/v1/test/never", web::to(never))
                .route("/v1/test/panics", web::to(panics));
        })
    })
    .await
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_and_without_a_key() {
    let app = app("[server]\nbody_limit = 1000").await;
    let send = |length: usize| app.post("/v1/test/length", json!({ "text": "x".repeat(length) }));

    send(900).await.expect(200);
    send(1000).await.expect_problem(413, "body_too_large");
    send(1000).with_key("k1").await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_with_503() {
    let app = app("[server]\nrequest_timeout_seconds = 1").await;

    let answer = app.get("/v1/test/never").await;

    answer.expect_problem(503, "timed_out");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_key_whose_request_timed_out_may_try_again() {
    let app = app("[server]\nrequest_timeout_seconds = 1").await;
    let send = || app.post("/v1/test/never", json!({})).with_key("k1");

    send().await.expect_problem(503, "timed_out");
    send().await.expect_problem(503, "timed_out");
}

#[tokio::test]
async fn a_panic_is_a_failure_on_our_side_and_the_server_goes_on() {
    let app = app("").await;

    app.get("/v1/test/panics").await.expect_problem(500, "internal");
    app.post("/v1/test/panics", json!({})).with_key("k1").await.expect_problem(500, "internal");
    app.get("/healthz").await.expect(200);
}
