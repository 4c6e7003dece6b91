//! A write with a key happens once, however often it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpResponse, web};
use api::Problem;
use futures_util::future::join_all;
use serde_json::json;
use service::{Error, Refusal};
use tests::TestApp;
use tokio::sync::Semaphore;

/// What the handlers did, and what holds them up.
#[derive(Clone)]
struct Desk {
    done: Arc<AtomicUsize>,
    begun: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Desk {
    fn open() -> Self {
        Self { released: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)), ..Self::closed() }
    }

    fn closed() -> Self {
        Self {
            done: Arc::default(),
            begun: Arc::new(Semaphore::new(0)),
            released: Arc::new(Semaphore::new(0)),
        }
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    async fn app(&self) -> TestApp {
        let desk = self.clone();
        TestApp::with_server("", move |server| {
            server.with_mount(move |config| {
                config
                    .app_data(web::Data::new(desk.clone()))
                    .route("/v1/test/orders", web::post().to(order))
                    .route("/v1/test/orders/{kind}", web::post().to(fail))
                    .route("/v1/callbacks/test", web::post().to(order));
            })
        })
        .await
    }
}

async fn order(desk: web::Data<Desk>, body: web::Bytes) -> HttpResponse {
    desk.begun.add_permits(1);
    drop(desk.released.acquire().await);
    let number = desk.done.fetch_add(1, Ordering::SeqCst) + 1;
    HttpResponse::Created().json(json!({ "number": number, "length": body.len() }))
}

async fn fail(desk: web::Data<Desk>, kind: web::Path<String>) -> Result<HttpResponse, Problem> {
    desk.done.fetch_add(1, Ordering::SeqCst);
    Err(match kind.as_str() {
        "refused" => Refusal::CouponSoldOut.into(),
        "limited" => Error::RateLimited { retry_after: std::time::Duration::from_secs(1) },
        _ => Error::unavailable("database", anyhow::anyhow!("gone")),
    }
    .into())
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_is_not_done_again() {
    let desk = Desk::open();
    let app = desk.app().await;
    let send = || app.post("/v1/test/orders", json!({ "a": 1 })).with_bearer("t").with_key("k1");

    let (first, second) = (send().await, send().await);

    assert_eq!(first.expect(201), json!({ "number": 1, "length": 7 }));
    assert_eq!(second.expect(201), first.expect(201));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.header("content-type"), Some("application/json"));
    assert_eq!(desk.done(), 1);
}

#[tokio::test]
async fn without_a_key_each_request_is_done() {
    let desk = Desk::open();
    let app = desk.app().await;

    app.post("/v1/test/orders", json!({})).await.expect(201);
    app.post("/v1/test/orders", json!({})).await.expect(201);

    assert_eq!(desk.done(), 2);
}

#[tokio::test]
async fn a_key_used_for_another_request_is_refused() {
    let desk = Desk::open();
    let app = desk.app().await;
    app.post("/v1/test/orders", json!({ "a": 1 })).with_key("k1").await.expect(201);

    for (path, body) in [
        ("/v1/test/orders", json!({ "a": 2 })),
        ("/v1/test/orders?b=1", json!({ "a": 1 })),
        ("/v1/test/orders/refused", json!({ "a": 1 })),
    ] {
        app.post(path, body).with_key("k1").await.expect_refusal("idempotency_key_reused");
    }
    assert_eq!(desk.done(), 1);
}

#[tokio::test]
async fn the_same_key_of_two_callers_is_two_keys() {
    let desk = Desk::open();
    let app = desk.app().await;

    for caller in ["one", "two"] {
        app.post("/v1/test/orders", json!({})).with_bearer(caller).with_key("k1").await.expect(201);
    }

    assert_eq!(desk.done(), 2);
}

#[tokio::test]
async fn a_repeat_while_the_first_is_worked_on_is_refused() {
    let desk = Desk::closed();
    let app = desk.app().await;
    let send = || app.post("/v1/test/orders", json!({})).with_bearer("t").with_key("k1");
    let first = tokio::spawn(send().into_future());
    drop(desk.begun.acquire().await);

    send().await.expect_refusal("request_in_progress");
    desk.released.add_permits(1);

    first.await.expect("the first is answered").expect(201);
    assert_eq!(send().await.header("idempotency-replayed"), Some("true"));
    assert_eq!(desk.done(), 1);
}

#[tokio::test]
async fn twenty_at_once_with_one_key_are_done_once() {
    let desk = Desk::open();
    let app = desk.app().await;

    let answers = join_all(
        (0..20).map(|_| app.post("/v1/test/orders", json!({})).with_bearer("t").with_key("k1").into_future()),
    )
    .await;

    assert_eq!(desk.done(), 1);
    for answer in answers {
        match answer.status.as_u16() {
            201 => assert_eq!(answer.json()["number"], 1),
            _ => drop(answer.expect_refusal("request_in_progress")),
        }
    }
}

#[tokio::test]
async fn an_answer_is_kept_when_its_client_has_gone() {
    let desk = Desk::closed();
    let app = desk.app().await;
    let send = || app.post("/v1/test/orders", json!({})).with_bearer("t").with_key("k1");
    let first = tokio::spawn(send().into_future());
    drop(desk.begun.acquire().await);

    first.abort();
    desk.released.add_permits(1);

    let answer = loop {
        let answer = send().await;
        if answer.status.as_u16() != 409 {
            break answer;
        }
    };
    assert_eq!(answer.header("idempotency-replayed"), Some("true"));
    assert_eq!(desk.done(), 1);
}

#[tokio::test]
async fn a_refusal_is_kept_but_not_what_a_retry_may_improve() {
    let desk = Desk::open();
    let app = desk.app().await;
    for (kind, code, status, times) in [
        ("refused", "coupon_sold_out", 409, 1),
        ("limited", "rate_limited", 429, 2),
        ("down", "unavailable", 503, 2),
    ] {
        let before = desk.done();
        for _ in 0..2 {
            let answer = app.post(&format!("/v1/test/orders/{kind}"), json!({})).with_key(kind).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)));
        }
        assert_eq!(desk.done() - before, times, "{kind}");
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_invalid() {
    let app = Desk::open().app().await;
    for key in ["", "two words", &"k".repeat(201)] {
        app.post("/v1/test/orders", json!({})).with_key(key).await.expect_invalid("Idempotency-Key");
    }
    app.post("/v1/test/orders", json!({})).with_key(&"k".repeat(200)).await.expect(201);
}

#[tokio::test]
async fn callbacks_know_no_keys() {
    let desk = Desk::open();
    let app = desk.app().await;

    for _ in 0..2 {
        app.post("/v1/callbacks/test", json!({})).with_key("k1").await.expect(201);
    }

    assert_eq!(desk.done(), 2);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let desk = Desk::open();
    let app = desk.app().await;
    let send = || app.post("/v1/test/orders", json!({})).with_key("k1");
    send().await.expect(201);

    app.clock.advance(chrono::Duration::hours(25));
    let forgotten = service::idempotency::forget_old(&app.ctx).await.expect("the old are forgotten");

    assert_eq!(forgotten, 1);
    assert_eq!(send().await.expect(201)["number"], 2);
}
