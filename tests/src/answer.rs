//! One request to the application and its answer, read whole.

use std::future::IntoFuture;
use std::pin::Pin;

use reqwest::{RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A request that is sent by awaiting it.
pub struct Ask(pub(crate) RequestBuilder);

impl Ask {
    pub fn with_bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub fn with_header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn with_key(self, key: &str) -> Self {
        self.with_header("idempotency-key", key)
    }

    /// A body of any kind, e.g. one that is no JSON.
    pub fn with_body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.header("content-type", content_type).body(body.into()))
    }
}

impl IntoFuture for Ask {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.0.send().await.expect("the application answers");
            Answer {
                status: response.status(),
                headers: response.headers().clone(),
                body: response.bytes().await.expect("the answer has a body").to_vec(),
            }
        })
    }
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{} is not JSON ({error}): {}", self.status, self.text()))
    }

    #[track_caller]
    pub fn read<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("unexpected answer {} ({error}): {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body of an answer with `status`.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "body: {}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The body of a problem, whose shape is checked.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["code"], code, "body: {problem}");
        assert_eq!(problem["status"], status, "body: {problem}");
        assert_eq!(problem["type"], format!("urn:huike:problem:{code}"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {problem}");
        }
        problem
    }

    /// A refusal by a rule of the business.
    #[track_caller]
    pub fn expect_refusal(&self, code: &str) -> Value {
        self.expect_problem(409, code)
    }

    /// A 422 that names `field`.
    #[track_caller]
    pub fn expect_invalid(&self, field: &str) -> Value {
        let problem = self.expect_problem(422, "invalid");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        assert!(errors.iter().any(|error| error["field"] == field), "no error about {field}: {problem}");
        problem
    }
}
