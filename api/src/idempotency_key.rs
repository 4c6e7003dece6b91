//! `Idempotency-Key` on writes: the first answer is kept, and a repeat of the same request gets it again.
//!
//! Callbacks are left out: the platforms send no key, and each callback has an identity of its own.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, rt};
use service::crypto::sha256_hex;
use service::idempotency::{self, Begun, KeyedRequest, StoredAnswer};
use service::{Context, Error, request_id};
use tracing::Instrument;

use crate::problem::{self, HttpFault, Problem};
use crate::{limits, request_log, session_cookie};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 1..=200;

pub async fn keep_answers(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(key) = request.headers().get(&IDEMPOTENCY_KEY).cloned().filter(|_| is_keyed_write(&request))
    else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let ctx = limits::context(&request)?;
    let begun = async {
        let keyed = keyed_request(&ctx, &mut request, &key).await?;
        let begun = idempotency::begin(&ctx, &keyed).await?;
        Ok::<_, Problem>((keyed, begun))
    };
    match begun.await {
        Ok((_, Begun::Answered(stored))) => Ok(request.into_response(replay(stored))),
        // In a task of its own, so that the answer is kept even when the client has gone: then it is needed most.
        Ok((keyed, Begun::Fresh)) => {
            let id = request_log::id_of(request.request());
            let work = answer_and_keep(ctx, keyed, request, next).in_current_span();
            let answer = rt::spawn(request_id::within(id, work)).await;
            answer.unwrap_or_else(|lost| Err(Problem::from(Error::internal(lost)).into()))
        }
        Err(problem) => Ok(request.error_response(problem)),
    }
}

fn is_keyed_write(request: &ServiceRequest) -> bool {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(request.method());
    writes && request.path().starts_with("/v1/") && !request.path().starts_with("/v1/callbacks/")
}

async fn keyed_request(
    ctx: &Context,
    request: &mut ServiceRequest,
    key: &HeaderValue,
) -> Result<KeyedRequest, Problem> {
    let key = key
        .to_str()
        .ok()
        .filter(|key| KEY_LENGTH.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()))
        .ok_or_else(|| Error::invalid("Idempotency-Key", "must be 1 to 200 visible ASCII characters"))?
        .to_owned();
    let body = read_body(ctx, request).await?;
    // Behind one address nobody gets another browser's tokens by a key alone.
    let caller = match (request.headers().get(AUTHORIZATION), session_cookie::read(request.request())) {
        (Some(authorization), _) => sha256_hex(authorization.as_bytes()),
        (None, Some(session)) => format!("session:{}", sha256_hex(session.as_bytes())),
        (None, None) => {
            format!("address:{}", limits::client_address(request.request(), &ctx.settings.server))
        }
    };
    // Of the four parts only the body may hold a line break, and it comes last.
    let mut whole =
        format!("{}\n{}\n{}\n", request.method(), request.path(), request.query_string()).into_bytes();
    whole.extend_from_slice(&body);
    Ok(KeyedRequest { caller, key, request_hash: sha256_hex(&whole) })
}

/// Reads the body within the limits of size and time, and puts it back for the handler.
async fn read_body(ctx: &Context, request: &mut ServiceRequest) -> Result<Bytes, Problem> {
    let limit = limits::request_timeout(&ctx.settings.server);
    let body = tokio::time::timeout(limit, request.extract::<Bytes>())
        .await
        .map_err(|_| HttpFault::TimedOut)?
        .map_err(|error| match error.as_error::<PayloadError>() {
            Some(error) => problem::of_payload(error),
            None => HttpFault::BadRequest("the body can't be read".to_owned()),
        })?;
    let again: Bytes = body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, PayloadError>(again) });
    request.set_payload(Payload::Stream { payload: Box::pin(stream) });
    Ok(body)
}

async fn answer_and_keep(
    ctx: Data<Context>,
    keyed: KeyedRequest,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = match next.call(request).await {
        Ok(response) => problem::speak(response.map_into_boxed_body()),
        Err(error) => {
            let status = error.as_response_error().status_code();
            let answer = StoredAnswer {
                status: status.as_u16(),
                content_type: String::new(),
                cookie: None,
                body: Vec::new(),
            };
            keep(&ctx, &keyed, answer).await;
            return Err(error);
        }
    };
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let body =
        to_bytes(body).await.map_err(|error| Problem::from(Error::Internal(anyhow::anyhow!("{error}"))))?;
    let content_type =
        head.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let answer = StoredAnswer {
        status: head.status().as_u16(),
        content_type: content_type.to_owned(),
        cookie: head.headers().get(SET_COOKIE).map(|cookie| cookie.as_bytes().to_vec()),
        body: body.to_vec(),
    };
    keep(&ctx, &keyed, answer).await;
    Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(body))))
}

/// A failure to keep it does not take the answer away: the key stays locked for a while, then may try again.
async fn keep(ctx: &Context, keyed: &KeyedRequest, answer: StoredAnswer) {
    if let Err(error) = idempotency::finish(ctx, keyed, answer).await {
        tracing::warn!(%error, "an answer was not kept under its idempotency key");
    }
}

fn replay(stored: StoredAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((REPLAYED, "true"));
    if !stored.content_type.is_empty() {
        answer.insert_header((CONTENT_TYPE, stored.content_type));
    }
    if let Some(cookie) = stored.cookie {
        answer.insert_header((SET_COOKIE, cookie));
    }
    answer.body(stored.body)
}
