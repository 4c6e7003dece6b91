//! One HTTP exchange, and what its failure means for the effect that was asked for.

use crate::{Class, Error, Now, Result};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// Connecting either works at once or not at all; a short bound leaves the rest of the time to the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Below the idle time of common gateways, so that a kept connection is seldom found closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest honest answer is a code image of a few hundred kilobytes.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// What a request does when it arrives, hence what an unheard answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Asking twice harms nobody: an unheard answer is only [`Class::Busy`].
    Read,
    /// Sends a message or spends a one-time code: an unheard answer is [`Class::Unknown`].
    Once,
}

impl Effect {
    fn unheard(self) -> Class {
        match self {
            Self::Read => Class::Busy,
            Self::Once => Class::Unknown,
        }
    }
}

/// One connection pool to one platform. Clones share it.
#[derive(Clone)]
pub(crate) struct Http {
    pub client: Client,
    now: Now,
}

pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
    effect: Effect,
}

impl Http {
    pub fn new(timeout: Duration, now: Now) -> Result<Self> {
        let client = Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout.min(CONNECT_TIMEOUT))
            .pool_idle_timeout(IDLE_TIMEOUT)
            // A redirect would carry secrets to another place; a system proxy would see them.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // Whether a request may be repeated is for the caller to know.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|_| Error::setting("the HTTP client could not be built"))?;
        Ok(Self { client, now })
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    pub async fn send(&self, request: RequestBuilder, effect: Effect) -> Result<Answer> {
        let response = request.send().await.map_err(|error| transport_error(&error, effect))?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.now());
        if status == StatusCode::TOO_MANY_REQUESTS || (status.is_server_error() && retry_after.is_some()) {
            let error =
                Error::new(Class::Throttled, format!("http_{}", status.as_u16()), "asked to slow down");
            return Err(error.with_retry_after(retry_after));
        }
        Ok(Answer { status, body: read_body(response, effect).await?, effect })
    }
}

impl Answer {
    /// The body as JSON whatever its content type says: WeChat labels JSON as `text/plain`.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable())
    }

    /// The failure of an answer that makes no sense. A refused request (4xx) had no effect; a broken gateway
    /// (5xx) may stand in front of a platform that did the work.
    pub fn unreadable(&self) -> Error {
        let code = self.status.as_u16();
        if self.status.is_success() {
            return Error::new(self.effect.unheard(), "unreadable", "the answer could not be read");
        }
        let refused = self.status.is_client_error() && self.status != StatusCode::REQUEST_TIMEOUT;
        let class = if refused { Class::Busy } else { self.effect.unheard() };
        Error::new(class, format!("http_{code}"), format!("answered HTTP {code} without a readable body"))
    }
}

/// Says what happened without reqwest's own words, which quote the URL and with it tokens and secrets.
fn transport_error(error: &reqwest::Error, effect: Effect) -> Error {
    if error.is_builder() {
        return Error::new(Class::Permanent, "request", "the request could not be built");
    }
    if error.is_connect() {
        return Error::new(Class::Busy, "connect", "no connection");
    }
    if error.is_timeout() {
        return Error::new(effect.unheard(), "timeout", "no answer in time");
    }
    Error::new(effect.unheard(), "connection_lost", "the connection broke before the answer")
}

async fn read_body(mut response: Response, effect: Effect) -> Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport_error(&error, effect))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::new(effect.unheard(), "unreadable", "the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// `Retry-After` as seconds or as an HTTP date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

/// A base URL with a scheme and without the slash at its end.
pub(crate) fn base_url(text: &str) -> Result<String> {
    let url = url::Url::parse(text).map_err(|_| Error::setting("the base URL is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Error::setting("the base URL is not an http URL"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host as the `Host` header has it, which signatures cover.
pub(crate) fn host(base_url: &str) -> Result<String> {
    let url = url::Url::parse(base_url).map_err(|_| Error::setting("the base URL is not a URL"))?;
    let host = url.host_str().ok_or_else(|| Error::setting("the base URL has no host"))?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
