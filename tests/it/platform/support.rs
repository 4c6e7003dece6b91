//! A platform of the test's own, a token store in memory, a clock that stands still.

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use platform::token_store::TokenStore;
use platform::wechat::{WeChat, WeChatSettings};
use platform::{Now, Result};
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Long enough for a busy machine, except where the test is about the time-out itself.
pub const PATIENT: Duration = Duration::from_secs(20);
pub const BRIEF: Duration = Duration::from_millis(300);

pub fn at(text: &str) -> Now {
    let moment: DateTime<Utc> = text.parse().unwrap();
    Arc::new(move || moment)
}

pub fn noon() -> Now {
    at("2026-03-02T04:00:10Z")
}

#[derive(Debug, Clone)]
pub struct Seen {
    /// The client's end of the connection.
    pub peer: String,
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub raw_query: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Seen {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn token(&self) -> &str {
        &self.query["access_token"]
    }
}

#[derive(Debug, Clone)]
pub enum Reply {
    Body {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Takes the request and never answers.
    Silence,
    /// Takes the request and closes the connection.
    Cut,
}

pub fn answer(body: impl Into<Vec<u8>>) -> Reply {
    status(200, body)
}

pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Body { status, headers: Vec::new(), body: body.into() }
}

pub fn with_header(reply: Reply, name: &'static str, value: &str) -> Reply {
    match reply {
        Reply::Body { status, mut headers, body } => {
            headers.push((name, value.to_owned()));
            Reply::Body { status, headers, body }
        }
        other => other,
    }
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

pub struct Outside {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    handle: actix_web::dev::ServerHandle,
}

impl Drop for Outside {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Outside {
    pub fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let script: Script = Arc::new(script);
        let state = (seen.clone(), script);
        let server = HttpServer::new(move || {
            App::new().app_data(web::Data::new(state.clone())).default_service(web::to(serve))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, seen, handle }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path == path).count()
    }
}

async fn serve(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<(Arc<Mutex<Vec<Seen>>>, Script)>,
) -> actix_web::Result<HttpResponse> {
    let query =
        web::Query::<HashMap<String, String>>::from_query(request.query_string()).unwrap().into_inner();
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let seen = Seen {
        peer: request.peer_addr().unwrap().to_string(),
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query,
        raw_query: request.query_string().to_owned(),
        headers: request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let reply = (state.1)(&seen);
    state.0.lock().unwrap().push(seen);
    match reply {
        Reply::Silence => std::future::pending().await,
        Reply::Cut => {
            Ok(HttpResponse::Ok().no_chunking(1000).streaming(futures_util::stream::iter([Err::<
                web::Bytes,
                actix_web::Error,
            >(
                actix_web::error::ErrorInternalServerError("cut"),
            )])))
        }
        Reply::Body { status, headers, body } => {
            let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
            headers.into_iter().for_each(|header| {
                response.insert_header(header);
            });
            Ok(response.content_type("text/plain").body(body))
        }
    }
}

#[derive(Default)]
pub struct MemoryStore {
    pub rows: Mutex<HashMap<String, String>>,
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    async fn put(&self, key: &str, value: &str, _: Duration) -> Result<()> {
        self.rows.lock().unwrap().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, value: &str, _: Duration) -> Result<bool> {
        let mut rows = self.rows.lock().unwrap();
        let absent = !rows.contains_key(key);
        if absent {
            rows.insert(key.to_owned(), value.to_owned());
        }
        Ok(absent)
    }

    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        let mut rows = self.rows.lock().unwrap();
        let same = rows.get(key).is_some_and(|value| value == expected);
        if same {
            rows.remove(key);
        }
        Ok(same)
    }
}

pub fn settings(url: &str, timeout: Duration) -> WeChatSettings {
    WeChatSettings {
        base_url: url.to_owned(),
        appid: "wx1".to_owned(),
        secret: "app-secret".to_owned(),
        timeout,
        miniprogram_state: "formal".to_owned(),
        lang: "zh_CN".to_owned(),
    }
}

pub fn wechat(url: &str) -> WeChat {
    wechat_with(url, PATIENT, noon())
}

pub fn wechat_with(url: &str, timeout: Duration, now: Now) -> WeChat {
    WeChat::new(settings(url, timeout), Arc::new(MemoryStore::default()), now).unwrap()
}

pub const TOKEN_PATH: &str = "/cgi-bin/stable_token";
pub const SEND_PATH: &str = "/cgi-bin/message/subscribe/send";

/// A token endpoint that always works, and `script` for the rest.
pub fn wechat_answering(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Outside {
    Outside::start(move |seen| match seen.path.as_str() {
        TOKEN_PATH => answer(r#"{"access_token":"T1","expires_in":7200}"#),
        _ => script(seen),
    })
}
