//! How large a request may be, how long it may take, and where it came from.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use futures_util::FutureExt;
use service::settings::Server;
use service::{Context, Error};

use crate::problem::{HttpFault, Problem};

/// Bodies above the setting are refused before they are read into memory.
pub fn body_limit(settings: &Server) -> web::PayloadConfig {
    web::PayloadConfig::new(settings.body_limit)
}

pub fn request_timeout(settings: &Server) -> Duration {
    Duration::from_secs(settings.request_timeout_seconds)
}

/// A handler that takes too long is dropped, which rolls its transaction back, and the request answered with 503.
/// A stream that has begun may go on. A handler that panics fails alone: its request is answered with 500.
pub async fn time_limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let limit = request_timeout(&context(&request)?.settings.server);
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(answered)) => answered,
        Ok(Err(_)) => Err(Problem::from(Error::Internal(anyhow::anyhow!("a handler panicked"))).into()),
        Err(_) => Err(Problem::from(HttpFault::TimedOut).into()),
    }
}

/// The context that the server was started with.
pub fn context(request: &ServiceRequest) -> Result<web::Data<Context>, Problem> {
    let ctx = request.app_data::<web::Data<Context>>().cloned();
    ctx.ok_or_else(|| Error::Internal(anyhow::anyhow!("the server has no context")).into())
}

/// The client's address. Behind a trusted proxy it is the last one of X-Forwarded-For: what stands before it was
/// written by the client.
pub fn client_address(request: &HttpRequest, settings: &Server) -> String {
    let forwarded = || {
        let header = request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?;
        let address: std::net::IpAddr = header.rsplit(',').next()?.trim().parse().ok()?;
        Some(address)
    };
    let address = settings.trust_proxy.then(forwarded).flatten();
    address
        .or_else(|| request.peer_addr().map(|peer| peer.ip()))
        .map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}
