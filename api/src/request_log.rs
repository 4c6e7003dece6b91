//! The outermost layer: gives each request an id, and when it is answered writes the problem's body, the security
//! headers, one log line and the metrics. The line has the route's pattern, never the path or the query, for these
//! may carry what is secret.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use service::{Context, request_id};
use tracing::Instrument;
use uuid::Uuid;

use crate::problem::{self, Language};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_LENGTH: usize = 128;

#[derive(Clone)]
struct RequestId(String);

/// Who asked, as the extractors found out; they put it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    Member,
    Staff,
    Platform,
}

impl CallerKind {
    fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
            Self::Platform => "platform",
        }
    }

    pub fn note(self, request: &HttpRequest) {
        request.extensions_mut().insert(self);
    }
}

pub fn id_of(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// What is known before the request is handed on, for it may not come back.
struct Observed {
    id: String,
    method: &'static str,
    route: String,
    is_api: bool,
    language: Language,
    begun: Instant,
}

pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let observed = Observed::begin(&request);
    let span = tracing::info_span!("request", request_id = observed.id, method = observed.method);
    let answer = request_id::within(observed.id.clone(), next.call(request).instrument(span));
    match answer.await {
        Ok(response) => {
            let mut response = problem::speak(response.map_into_boxed_body());
            let caller = response.request().extensions().get::<CallerKind>().copied();
            decorate(response.headers_mut(), &observed);
            observed.close(response.status(), caller);
            Ok(response)
        }
        Err(error) => {
            let mut answer = problem::answer_for(&error, observed.language, &observed.id);
            decorate(answer.headers_mut(), &observed);
            observed.close(answer.status(), None);
            Err(Spoken::new(answer).into())
        }
    }
}

impl Observed {
    fn begin(request: &ServiceRequest) -> Self {
        let id = given_id(request).unwrap_or_else(|| new_id(request));
        request.extensions_mut().insert(RequestId(id.clone()));
        Self {
            id,
            method: method_name(request),
            route: request.match_pattern().unwrap_or_else(|| "unmatched".to_owned()),
            is_api: request.path().starts_with("/v1/"),
            language: Language::of(request.headers()),
            begun: Instant::now(),
        }
    }

    fn close(self, status: StatusCode, caller: Option<CallerKind>) {
        let took = self.begun.elapsed();
        let status = status.as_u16();
        let labels = [
            ("method", self.method.to_owned()),
            ("route", self.route.clone()),
            ("status", status.to_string()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
        tracing::info!(
            request_id = self.id,
            method = self.method,
            route = self.route,
            status,
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            caller = caller.map_or("anonymous", CallerKind::name),
            "request answered"
        );
    }
}

/// A closed list, since the method is a metric's label and a client may send any word.
fn method_name(request: &ServiceRequest) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|name| *name == request.method().as_str())
        .unwrap_or("OTHER")
}

fn given_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let sane = (1..=REQUEST_ID_LENGTH).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    sane.then(|| id.to_owned())
}

fn new_id(request: &ServiceRequest) -> String {
    request
        .app_data::<actix_web::web::Data<Context>>()
        .map(|ctx| ctx.new_id::<Uuid>().to_string())
        .unwrap_or_default()
}

fn decorate(headers: &mut HeaderMap, observed: &Observed) {
    if let Ok(id) = HeaderValue::from_str(&observed.id) {
        headers.insert(REQUEST_ID, id);
    }
    let mut set = |name: &'static str, value: &'static str| {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("x-frame-options", "DENY");
    if observed.is_api {
        set("cache-control", "no-store");
        set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    }
}

/// An answer made after its request was lost, e.g. by a time-out; actix takes it as an error.
#[derive(Debug)]
struct Spoken {
    status: StatusCode,
    headers: HeaderMap,
    body: actix_web::web::Bytes,
}

impl Spoken {
    fn new(answer: HttpResponse) -> Self {
        let (head, body) = answer.into_parts();
        let body = body.try_into_bytes().unwrap_or_default();
        Self { status: head.status(), headers: head.headers().clone(), body }
    }
}

impl std::fmt::Display for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "answered with {}", self.status)
    }
}

impl ResponseError for Spoken {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        for header in &self.headers {
            answer.insert_header(header);
        }
        answer.body(self.body.clone())
    }
}
