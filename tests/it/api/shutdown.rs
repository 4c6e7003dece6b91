//! A server that is told to stop finishes what it holds.

use std::sync::Arc;

use actix_web::web;
use tests::TestApp;
use tokio::sync::Semaphore;

#[derive(Clone)]
struct Gate {
    begun: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

async fn held(gate: web::Data<Gate>) -> &'static str {
    gate.begun.add_permits(1);
    drop(gate.released.acquire().await);
    "\"finished\""
}

#[tokio::test]
async fn what_is_held_is_finished_and_nothing_more_is_taken() {
    let gate = Gate { begun: Arc::new(Semaphore::new(0)), released: Arc::new(Semaphore::new(0)) };
    let data = gate.clone();
    let mut app = TestApp::with_server("", move |server| {
        server.with_mount(move |config| {
            config.app_data(web::Data::new(data.clone())).route("/v1/test/held", web::get().to(held));
        })
    })
    .await;
    let first = tokio::spawn(app.get("/v1/test/held").into_future());
    drop(gate.begun.acquire().await);

    let stopping = app.stop();
    gate.released.add_permits(1);

    assert_eq!(first.await.expect("it is answered").expect(200), "finished");
    stopping.await;
    assert!(app.client.get(app.url("/healthz")).send().await.is_err(), "the port is closed");
}
