//! Every error has one shape, and nothing of our side shows in it.

use std::time::Duration;

use actix_web::web;
use anyhow::anyhow;
use api::Problem;
use service::{Error, FieldError, Refusal};
use tests::TestApp;

async fn fail(kind: web::Path<String>) -> Result<String, Problem> {
    Err(match kind.as_str() {
        "missing" => Error::NotFound("coupon"),
        "invalid" => Error::Invalid(vec![
            FieldError { field: "lines[2].price_fen".to_owned(), message: "must be positive".to_owned() },
            FieldError { field: "order_number".to_owned(), message: "is empty".to_owned() },
        ]),
        "refused" => Refusal::CouponExpired.into(),
        "unauthenticated" => Error::Unauthenticated,
        "forbidden" => Error::Forbidden,
        "limited" => Error::RateLimited { retry_after: Duration::from_millis(1500) },
        "unavailable" => Error::unavailable("database", anyhow!("password=hunter2 refused")),
        _ => Error::Internal(anyhow!("the secret cause")),
    }
    .into())
}

async fn app() -> TestApp {
    TestApp::with_server("", |server| {
        server.with_mount(|config| {
            config.route("/v1/test/fail/{kind}", web::get().to(fail));
        })
    })
    .await
}

#[tokio::test]
async fn each_kind_of_error_has_its_status_and_code() {
    let app = app().await;
    for (kind, status, code) in [
        ("missing", 404, "not_found"),
        ("invalid", 422, "invalid"),
        ("refused", 409, "coupon_expired"),
        ("unauthenticated", 401, "unauthenticated"),
        ("forbidden", 403, "forbidden"),
        ("limited", 429, "rate_limited"),
        ("unavailable", 503, "unavailable"),
        ("internal", 500, "internal"),
    ] {
        app.get(&format!("/v1/test/fail/{kind}")).await.expect_problem(status, code);
    }
}

#[tokio::test]
async fn an_invalid_request_is_told_every_wrong_field() {
    let problem = app().await.get("/v1/test/fail/invalid").await.expect_invalid("lines[2].price_fen");

    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(problem["errors"][1]["field"], "order_number");
    assert_eq!(problem["errors"][1]["message"], "is empty");
}

#[tokio::test]
async fn a_refusal_has_words_in_chinese_and_in_english_when_asked() {
    let app = app().await;

    let chinese = app.get("/v1/test/fail/refused").await.expect_refusal("coupon_expired");
    let english = app
        .get("/v1/test/fail/refused")
        .with_header("accept-language", "en")
        .await
        .expect_refusal("coupon_expired");

    assert_eq!(chinese["title"], Refusal::CouponExpired.chinese());
    assert_eq!(english["title"], Refusal::CouponExpired.english());
}

#[tokio::test]
async fn chinese_is_spoken_unless_english_is_preferred() {
    let app = app().await;
    for (asked, title) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "没有权限"),
        ("en;q=0.5,zh-Hans;q=0.6", "没有权限"),
        ("fr", "没有权限"),
        ("enx", "没有权限"),
        ("en-US", "You are not permitted to do this."),
        ("zh;q=0.1,en-GB;q=0.2", "You are not permitted to do this."),
    ] {
        let answer = app.get("/v1/test/fail/forbidden").with_header("accept-language", asked).await;
        assert_eq!(answer.expect_problem(403, "forbidden")["title"], title, "{asked}");
    }
}

#[tokio::test]
async fn a_failure_on_our_side_shows_no_cause() {
    let app = app().await;
    for kind in ["internal", "unavailable"] {
        let answer = app.get(&format!("/v1/test/fail/{kind}")).await;
        assert!(!answer.text().contains("secret") && !answer.text().contains("hunter2"), "{}", answer.text());
    }
}

#[tokio::test]
async fn who_must_wait_is_told_how_long_in_whole_seconds() {
    let app = app().await;

    assert_eq!(app.get("/v1/test/fail/limited").await.header("retry-after"), Some("2"));
    assert_eq!(app.get("/v1/test/fail/unavailable").await.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_the_scheme() {
    let answer = app().await.get("/v1/test/fail/unauthenticated").await;

    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn an_unknown_path_is_a_problem() {
    app().await.get("/v1/nothing").await.expect_problem(404, "path_not_found");
}

#[tokio::test]
async fn a_method_that_the_path_does_not_have_is_refused_with_those_it_has() {
    let answer = app().await.delete("/healthz").await;

    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET"));
}
