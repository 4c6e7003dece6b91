//! The application of a test reaches the sandbox, and the sandbox the application.

use reqwest::Method;
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn a_sign_in_code_arrives_on_a_virtual_phone() {
    let app = TestApp::start().await;
    app.control(Method::POST, "/people", json!({ "phone": "13800138000" })).await;

    let answer = app.post("/v1/auth/sms-codes", json!({ "phone": "13800138000" })).await;

    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
    let messages = app.control(Method::GET, "/messages", ()).await;
    assert!(messages.to_string().contains("登录验证码"), "{messages}");
}

#[tokio::test]
async fn both_clocks_move_together() {
    let app = TestApp::start().await;

    app.advance(chrono::Duration::hours(5)).await;

    let clock = app.control(Method::GET, "/clock", ()).await;
    let now: chrono::DateTime<chrono::Utc> = clock["now"].as_str().expect("a time").parse().expect("a time");
    assert_eq!(now, app.ctx.now());
    assert_eq!(clock["stands_still"], true);
}
