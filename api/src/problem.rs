//! `service::Error` and HTTP's own failures as `application/problem+json`: the only place that picks an error's status.
//!
//! A handler answers `Err(Problem)`; the body is written by [`speak`] once the request's language and id are at hand.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::{PathError, PayloadError};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use service::{Error, Facts, FieldError, Refusal};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::request_log;

pub const CONTENT: &str = "application/problem+json";
/// What a client is told to wait when a dependency is down.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(5);

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Service(#[from] Error),
    #[error("{0}")]
    Http(HttpFault),
}

/// Failures that HTTP itself knows, before any use case runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFault {
    #[error("malformed JSON: {0}")]
    MalformedJson(String),
    #[error("bad request: {0}")]
    BadRequest(String),
    #[error("no such path")]
    PathNotFound,
    #[error("method not allowed")]
    MethodNotAllowed(Vec<Method>),
    #[error("body too large")]
    BodyTooLarge,
    #[error("the body's content type is not application/json")]
    UnsupportedMediaType,
    #[error("request timed out")]
    TimedOut,
    #[error("other: {0}")]
    Other(StatusCode),
}

impl From<HttpFault> for Problem {
    fn from(fault: HttpFault) -> Self {
        Self::Http(fault)
    }
}

/// Words for one code in the two languages.
struct Words {
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
}

macro_rules! words {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        $(const $name: Words = Words { code: $code, chinese: $zh, english: $en };)+
        /// Codes beside those of the refusals.
        const HTTP_CODES: &[&str] = &[$($code,)+];
    };
}

words! {
    NOT_FOUND = "not_found", "没有找到", "Not found.";
    INVALID = "invalid", "请求内容有误", "The request has invalid fields.";
    UNAUTHENTICATED = "unauthenticated", "请先登录", "Sign in first.";
    FORBIDDEN = "forbidden", "没有权限", "You are not permitted to do this.";
    RATE_LIMITED = "rate_limited", "操作太频繁，请稍后再试", "Too many requests. Try again later.";
    UNAVAILABLE = "unavailable", "服务暂时不可用，请稍后再试", "The service is unavailable for the moment.";
    INTERNAL = "internal", "系统出错，请稍后再试", "Something went wrong on our side.";
    MALFORMED_JSON = "malformed_json", "请求内容不是合法的 JSON", "The body is not valid JSON.";
    BAD_REQUEST = "bad_request", "无法理解的请求", "The request can't be understood.";
    PATH_NOT_FOUND = "path_not_found", "没有这个地址", "There is no such path.";
    METHOD_NOT_ALLOWED = "method_not_allowed", "该地址不支持此方法", "The path does not support this method.";
    BODY_TOO_LARGE = "body_too_large", "请求内容过大", "The body is too large.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", "请求内容须为 JSON", "The body must be application/json.";
    TIMED_OUT = "timed_out", "处理超时，请稍后再试", "The request took too long.";
}

/// Every code that an answer may carry.
pub fn codes() -> impl Iterator<Item = &'static str> {
    HTTP_CODES.iter().copied().chain(Refusal::ALL.iter().map(|refusal| refusal.code()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    /// English only when it is asked for ahead of Chinese.
    pub fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let weight = |language: &str| {
            asked.split(',').filter_map(|part| weigh(part, language)).fold(0.0_f32, f32::max)
        };
        if weight("en") > weight("zh") { Self::English } else { Self::Chinese }
    }
}

/// The weight of one part of Accept-Language, `en-GB;q=0.8`, when it is about `language`.
fn weigh(part: &str, language: &str) -> Option<f32> {
    let mut pieces = part.split(';').map(str::trim);
    let tag = pieces.next()?.to_ascii_lowercase();
    let matches = tag == language || tag.strip_prefix(language).is_some_and(|rest| rest.starts_with('-'));
    let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
    matches.then(|| weight.unwrap_or(0.0))
}

/// The codes as a schema.
pub struct ProblemCode;

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        let codes = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes()));
        RefOr::T(codes.description(Some("Why a request was not answered as asked.")).build().into())
    }
}

impl ToSchema for ProblemCode {}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// A URN that ends in the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, in words for people; Chinese unless Accept-Language prefers English.
    pub title: &'static str,
    pub status: u16,
    #[schema(value_type = ProblemCode)]
    pub code: &'static str,
    /// What is wrong this time, for whoever builds a client.
    pub detail: String,
    /// Quote it when reporting a failure.
    pub request_id: String,
    /// Which fields are wrong, with `code` `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
    /// What else there is to tell, with `coupon_already_redeemed`, `quote_changed` and `segment_in_use`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Service(error) => match error {
                Error::NotFound(_) => StatusCode::NOT_FOUND,
                Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Error::Refused(_) | Error::RefusedBecause { .. } => StatusCode::CONFLICT,
                Error::Unauthenticated => StatusCode::UNAUTHORIZED,
                Error::Forbidden => StatusCode::FORBIDDEN,
                Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
                Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Self::Http(fault) => match fault {
                HttpFault::MalformedJson(_) | HttpFault::BadRequest(_) => StatusCode::BAD_REQUEST,
                HttpFault::PathNotFound => StatusCode::NOT_FOUND,
                HttpFault::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
                HttpFault::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                HttpFault::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                HttpFault::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
                HttpFault::Other(status) => *status,
            },
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::Service(error) => match error {
                Error::NotFound(_) => NOT_FOUND,
                Error::Invalid(_) => INVALID,
                Error::Refused(refusal) | Error::RefusedBecause { refusal, .. } => {
                    Words { code: refusal.code(), chinese: refusal.chinese(), english: refusal.english() }
                }
                Error::Unauthenticated => UNAUTHENTICATED,
                Error::Forbidden => FORBIDDEN,
                Error::RateLimited { .. } => RATE_LIMITED,
                Error::Unavailable { .. } => UNAVAILABLE,
                Error::Internal(_) => INTERNAL,
            },
            Self::Http(fault) => match fault {
                HttpFault::MalformedJson(_) => MALFORMED_JSON,
                HttpFault::BadRequest(_) => BAD_REQUEST,
                HttpFault::PathNotFound => PATH_NOT_FOUND,
                HttpFault::MethodNotAllowed(_) => METHOD_NOT_ALLOWED,
                HttpFault::BodyTooLarge => BODY_TOO_LARGE,
                HttpFault::UnsupportedMediaType => UNSUPPORTED_MEDIA_TYPE,
                HttpFault::TimedOut => TIMED_OUT,
                HttpFault::Other(status) if status.is_server_error() => INTERNAL,
                HttpFault::Other(_) => BAD_REQUEST,
            },
        }
    }

    /// What may be told beyond the title; never a cause on our side.
    fn detail(&self, title: &str) -> String {
        match self {
            Self::Service(Error::NotFound(what)) => format!("{what} is not found"),
            Self::Service(Error::Invalid(errors)) => errors
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message))
                .collect::<Vec<_>>()
                .join("; "),
            Self::Http(HttpFault::MalformedJson(why) | HttpFault::BadRequest(why)) => why.clone(),
            _ => title.to_owned(),
        }
    }

    fn headers(&self) -> Option<(HeaderName, HeaderValue)> {
        let retry = |after: Duration| (RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        match self {
            Self::Service(Error::Unauthenticated) => {
                Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::Service(Error::RateLimited { retry_after }) => Some(retry(*retry_after)),
            Self::Service(Error::Unavailable { .. }) | Self::Http(HttpFault::TimedOut) => {
                Some(retry(RETRY_UNAVAILABLE))
            }
            Self::Http(HttpFault::MethodNotAllowed(methods)) => {
                let allowed = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                HeaderValue::from_str(&allowed).ok().map(|allowed| (ALLOW, allowed))
            }
            _ => None,
        }
    }

    /// What an extractor or actix itself failed with, as a problem of ours.
    fn of_actix(error: &actix_web::Error) -> Self {
        if let Some(error) = error.as_error::<PayloadError>() {
            return of_payload(error).into();
        }
        // An id that is no id at all is the id of nothing.
        if error.as_error::<PathError>().is_some() {
            return Error::NotFound("the resource").into();
        }
        let status = error.as_response_error().status_code();
        match status {
            StatusCode::NOT_FOUND => HttpFault::PathNotFound.into(),
            StatusCode::PAYLOAD_TOO_LARGE => HttpFault::BodyTooLarge.into(),
            status if status.is_server_error() => Error::Internal(anyhow::anyhow!("{error}")).into(),
            status if status == StatusCode::BAD_REQUEST => HttpFault::BadRequest(error.to_string()).into(),
            status => HttpFault::Other(status).into(),
        }
    }

    /// The whole answer.
    pub fn answer(&self, language: Language, request_id: &str) -> HttpResponse {
        self.log(request_id);
        let words = self.words();
        let title = match language {
            Language::Chinese => words.chinese,
            Language::English => words.english,
        };
        let body = ProblemBody {
            kind: format!("urn:huike:problem:{}", words.code),
            title,
            status: self.status().as_u16(),
            code: words.code,
            detail: self.detail(title),
            request_id: request_id.to_owned(),
            errors: match self {
                Self::Service(Error::Invalid(errors)) => Some(errors.clone()),
                _ => None,
            },
            facts: match self {
                Self::Service(Error::RefusedBecause { facts, .. }) => Some(Facts::clone(facts)),
                _ => None,
            },
        };
        let mut answer = HttpResponse::build(self.status());
        answer.insert_header((CONTENT_TYPE, CONTENT));
        if let Some(header) = self.headers() {
            answer.insert_header(header);
        }
        answer.body(serde_json::to_vec(&body).unwrap_or_default())
    }

    /// Failures on our side are logged here, where they end.
    fn log(&self, request_id: &str) {
        match self {
            Self::Service(Error::Internal(source)) => {
                tracing::error!(request_id, error = format!("{source:#}"), "a request failed");
            }
            Self::Service(Error::Unavailable { dependency, source }) => {
                tracing::warn!(
                    request_id,
                    dependency,
                    error = format!("{source:#}"),
                    "a dependency is unavailable"
                );
            }
            _ => {}
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The status alone; [`speak`] writes the body.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}

pub fn of_payload(error: &PayloadError) -> HttpFault {
    match error {
        PayloadError::Overflow => HttpFault::BodyTooLarge,
        other => HttpFault::BadRequest(format!("the body can't be read: {other}")),
    }
}

/// Writes the problem of a failed response into its body. A response that did not fail, or was spoken before, stays.
pub fn speak(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error() else { return response };
    let request = response.request();
    let answer = answer_for(error, Language::of(request.headers()), &request_log::id_of(request));
    response.into_response(answer)
}

/// The problem of any actix error, spoken.
pub fn answer_for(error: &actix_web::Error, language: Language, request_id: &str) -> HttpResponse {
    match error.as_error::<Problem>() {
        Some(problem) => problem.answer(language, request_id),
        None => Problem::of_actix(error).answer(language, request_id),
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
