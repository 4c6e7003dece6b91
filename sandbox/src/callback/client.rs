//! A small HTTP client for callbacks: plain http, kept-alive connections, one deadline.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

/// No answer to a callback is longer than this.
const LONGEST_ANSWER: usize = 64 * 1024;
const VERIFICATION_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Client(legacy::Client<HttpConnector, Full<Bytes>>);

pub(crate) struct Outgoing {
    pub url: String,
    pub content_type: &'static str,
    pub body: Bytes,
}

impl Default for Client {
    fn default() -> Self {
        Self(legacy::Client::builder(TokioExecutor::new()).build_http())
    }
}

impl Client {
    pub async fn post(&self, letter: Outgoing, deadline: Duration) -> anyhow::Result<(u16, String)> {
        let request = Request::post(&letter.url)
            .header("content-type", letter.content_type)
            .header("user-agent", "Mozilla/4.0")
            .body(Full::new(letter.body))?;
        self.exchange(request, deadline).await
    }

    pub async fn get(&self, url: &str) -> anyhow::Result<(u16, String)> {
        let request = Request::get(url).header("user-agent", "Mozilla/4.0").body(Full::default())?;
        self.exchange(request, VERIFICATION_DEADLINE).await
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        deadline: Duration,
    ) -> anyhow::Result<(u16, String)> {
        let talk = async {
            let answer = self.0.request(request).await.context("sending")?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            let body = body.map_err(|error| anyhow::anyhow!("reading the answer: {error}"))?.to_bytes();
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        tokio::time::timeout(deadline, talk).await.context("no answer in time")?
    }
}
