//! What is wrong with a request is told by the field's path.

use actix_web::{HttpResponse, web};
use api::Problem;
use api::input::{Json, Query, Segments};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::ids::{CouponId, MemberId};
use tests::{Answer, TestApp};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Order {
    number: String,
    #[serde(default)]
    lines: Vec<Line>,
    state: Option<State>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    price_fen: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    limit: Option<u64>,
    word: Option<String>,
}

async fn order(Json(order): Json<Order>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(order))
}

async fn any(Json(value): Json<Value>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(value.is_array()))
}

async fn filter(Query(filter): Query<Filter>) -> HttpResponse {
    HttpResponse::Ok().json(filter)
}

async fn segments(Segments((coupon, member)): Segments<(CouponId, MemberId)>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "coupon": coupon, "member": member }))
}

async fn word(Segments(word): Segments<String>) -> HttpResponse {
    HttpResponse::Ok().json(word)
}

async fn app() -> TestApp {
    TestApp::with_server("", |server| {
        server.with_mount(|config| {
            config
                .route("/v1/test/orders", web::post().to(order))
                .route("/v1/test/any", web::post().to(any))
                .route("/v1/test/filter", web::get().to(filter))
                .route("/v1/test/words/{word}", web::get().to(word))
                .route("/v1/test/coupons/{id}/members/{member_id}", web::get().to(segments));
        })
    })
    .await
}

async fn send(body: Value) -> Answer {
    app().await.post("/v1/test/orders", body).await
}

#[tokio::test]
async fn a_right_body_is_taken() {
    let body = send(json!({ "number": "A1", "lines": [{ "price_fen": 5 }] })).await.expect(200);

    assert_eq!(body["lines"][0]["price_fen"], 5);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named_by_its_path() {
    send(json!({ "number": "A1", "lines": [{ "price_fen": 5 }, { "price_fen": "five" }] }))
        .await
        .expect_invalid("lines[1].price_fen");
}

#[tokio::test]
async fn a_missing_field_is_named_by_its_path() {
    send(json!({})).await.expect_invalid("number");
    send(json!({ "number": "A1", "lines": [{}] })).await.expect_invalid("lines[0].price_fen");
}

#[tokio::test]
async fn an_unknown_field_is_named_by_its_path() {
    send(json!({ "number": "A1", "colour": 1 })).await.expect_invalid("colour");
    send(json!({ "number": "A1", "lines": [{ "price_fen": 1, "tax": 2 }] }))
        .await
        .expect_invalid("lines[0].tax");
}

#[tokio::test]
async fn an_unknown_word_of_an_enumeration_names_the_field() {
    send(json!({ "number": "A1", "state": "ajar" })).await.expect_invalid("state");
}

#[tokio::test]
async fn a_character_that_no_database_keeps_is_named_by_its_path() {
    let app = app().await;
    send(json!({ "number": "A\u{0}1" })).await.expect_invalid("number");
    let deep = json!({ "rules": [{ "name": "x" }, { "names": ["a", "\u{0}"] }] });
    app.post("/v1/test/any", deep).await.expect_invalid("rules[1].names[1]");
    app.post("/v1/test/any", json!("\u{0}")).await.expect_invalid("body");
    app.post("/v1/test/any", json!({ "a\u{0}": 1 })).await.expect_invalid("body");
    app.get("/v1/test/filter?limit=1&word=a%00b").await.expect_invalid("word");
    app.get("/v1/test/words/a%00b").await.expect_problem(404, "not_found");

    // An escape that is escaped itself is six harmless characters.
    let body = send(json!({ "number": "\\u0000" })).await.expect(200);
    assert_eq!(body["number"], "\\u0000");
}

#[tokio::test]
async fn a_body_that_is_no_object_is_invalid_as_a_whole() {
    send(json!(7)).await.expect_invalid("body");
}

#[tokio::test]
async fn broken_json_is_malformed() {
    let app = app().await;
    for body in ["", "{", "{\"number\": }", "{} {}", "\u{feff}{}", "nonsense"] {
        let ask = app.ask(reqwest::Method::POST, "/v1/test/orders").with_body("application/json", body);
        let answer = ask.await;
        // An object that is whole but followed by more may fail at a field first.
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{body}: {}", answer.text());
        if body != "{} {}" {
            answer.expect_problem(400, "malformed_json");
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_malformed() {
    let app = app().await;
    let body = b"{\"number\": \"\xff\xfe\"}".to_vec();

    app.ask(reqwest::Method::POST, "/v1/test/orders")
        .with_body("application/json", body)
        .await
        .expect_problem(400, "malformed_json");
}

#[tokio::test]
async fn json_nested_deeper_than_128_is_malformed() {
    let app = app().await;
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let send =
        |body: String| app.ask(reqwest::Method::POST, "/v1/test/any").with_body("application/json", body);

    send(nested(127)).await.expect(200);
    send(nested(128)).await.expect_problem(400, "malformed_json");
    send(nested(100_000)).await.expect_problem(400, "malformed_json");
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let app = app().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        app.ask(reqwest::Method::POST, "/v1/test/orders")
            .with_body(kind, "{}")
            .await
            .expect_problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_wrong_query_names_the_parameter() {
    let app = app().await;

    assert_eq!(app.get("/v1/test/filter?limit=3").await.expect(200)["limit"], 3);
    app.get("/v1/test/filter?limit=many").await.expect_invalid("limit");
    app.get("/v1/test/filter?limit=-1").await.expect_invalid("limit");
    app.get("/v1/test/filter?colour=red").await.expect_invalid("colour");
}

#[tokio::test]
async fn an_id_that_is_no_id_is_not_found() {
    let app = app().await;
    let id = "0195a1b2-0000-7000-8000-000000000001";

    let body = app.get(&format!("/v1/test/coupons/{id}/members/{id}")).await.expect(200);
    assert_eq!(body["coupon"], id);
    app.get(&format!("/v1/test/coupons/{id}/members/12")).await.expect_problem(404, "not_found");
    app.get(&format!("/v1/test/coupons/%ff/members/{id}")).await.expect_problem(404, "not_found");
}
