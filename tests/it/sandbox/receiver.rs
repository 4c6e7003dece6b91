//! A product's callback address as a test needs it: keeps what arrived and answers as told.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use tokio::sync::watch;

use super::stranger::Stranger;

/// Only a failure reaches it, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Arrived {
    pub query: HashMap<String, String>,
    pub body: String,
}

/// Answers of the first pushes, in order; the last one repeats. Status and body.
type Script = Vec<(u16, String)>;

pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
    count: watch::Receiver<usize>,
    server: ServerHandle,
}

struct Shared {
    arrived: Mutex<Vec<Arrived>>,
    script: Script,
    count: watch::Sender<usize>,
}

impl Receiver {
    pub async fn answering(script: &[(u16, &str)]) -> Self {
        let script = script.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let (sender, count) = watch::channel(0);
        let shared = Arc::new(Shared { arrived: Mutex::default(), script, count: sender });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let held = web::Data::from(Arc::clone(&shared));
        let server = HttpServer::new(move || App::new().app_data(held.clone()).route("/hook", web::to(take)))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, shared, count, server: handle }
    }

    /// Waits until so many pushes have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<Arrived> {
        let mut level = self.count.clone();
        let reached = level.wait_for(|seen| *seen >= count);
        tokio::time::timeout(PATIENCE, reached).await.expect("the pushes did not arrive").unwrap();
        self.shared.arrived.lock().unwrap().clone()
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn take(request: HttpRequest, body: String, shared: web::Data<Shared>) -> HttpResponse {
    let query: HashMap<String, String> =
        web::Query::<HashMap<String, String>>::from_query(request.query_string()).unwrap().into_inner();
    if let Some(echo) = query.get("echostr") {
        return HttpResponse::Ok().body(echo.clone());
    }
    let place = {
        let mut arrived = shared.arrived.lock().unwrap();
        arrived.push(Arrived { query, body });
        arrived.len() - 1
    };
    shared.count.send_modify(|count| *count += 1);
    let (status, body) = shared.script[place.min(shared.script.len() - 1)].clone();
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).body(body)
}

/// Waits until no callback is on its way any more.
pub async fn settled(stranger: &Stranger) {
    let quiet = async {
        while stranger.look("/pending").await["callbacks"] != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, quiet).await.expect("callbacks are still on their way");
}
