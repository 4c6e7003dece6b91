//! The phones of a cluster: the sandbox's inboxes are the truth about who got what.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Cluster;
use crate::level;

/// The call that sends.
pub const SEND: &str = "/cgi-bin/message/subscribe/send";

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Phone {
    pub id: String,
    pub openid: String,
}

impl Cluster {
    /// A call of the sandbox's control API that must succeed.
    pub async fn sandbox_api(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/api{path}", self.sandbox.base_url());
        let mut request = self.client.request(method, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(super) async fn make_people(&self, count: usize) -> Vec<Phone> {
        let wish = json!({ "count": count, "phone_start": 13_900_000_000_u64 });
        let made = self.sandbox_api(Method::POST, "/people/batch", wish).await;
        serde_json::from_value(made["people"].clone()).expect("people")
    }

    pub async fn set_faults(&self, faults: Value) {
        self.sandbox_api(Method::PUT, "/faults", faults).await;
    }

    /// How many messages are on phones.
    pub fn received(&self) -> usize {
        self.sandbox.state().messages()
    }

    /// Waits until so many messages are on phones.
    pub async fn wait_for_received(&self, count: usize, bound: Duration) {
        let waited = level::reached_or(bound, async || self.received() >= count).await;
        if !waited {
            let seconds = bound.as_secs();
            panic!("{} of {count} messages arrived within {seconds} s; {}", self.received(), self.logs());
        }
    }

    /// Waits until each of the platform's events was answered.
    pub async fn wait_for_callbacks(&self) {
        let state = self.sandbox.state();
        level::reached("the sandbox's pushes are answered", Duration::from_secs(240), || async {
            state.callbacks_pending() == 0
        })
        .await;
    }

    /// Messages per person, by the person's id.
    pub async fn inboxes(&self) -> HashMap<String, u64> {
        let answer = self.sandbox_api(Method::GET, "/inboxes?limit=50000", Value::Null).await;
        assert!(answer["next_cursor"].is_null(), "one page holds every inbox");
        let inboxes = answer["inboxes"].as_array().expect("inboxes").iter();
        inboxes
            .map(|inbox| {
                let person = inbox["person"].as_str().expect("a person").to_owned();
                (person, inbox["total"].as_u64().expect("a count"))
            })
            .collect()
    }

    /// The same message twice on one phone.
    pub async fn duplicates(&self) -> u64 {
        let counters = self.sandbox_api(Method::GET, "/counters", Value::Null).await;
        counters["duplicates"].as_u64().expect("a count")
    }

    /// Waits until the platform has refused a call of this path.
    pub async fn wait_for_refused(&self, path: &str, bound: Duration) {
        level::reached("the platform refuses a call", bound, || async {
            let counters = self.sandbox_api(Method::GET, "/counters", Value::Null).await;
            counters["refused"][path].as_object().is_some_and(|codes| !codes.is_empty())
        })
        .await;
    }

    /// When each message arrived, in order.
    pub async fn arrivals(&self) -> Vec<DateTime<Utc>> {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<Arrival>,
            next_cursor: Option<usize>,
        }
        #[derive(Deserialize)]
        struct Arrival {
            at: DateTime<Utc>,
        }
        let (mut times, mut cursor) = (Vec::new(), Some(0));
        while let Some(from) = cursor {
            let path = format!("/messages?limit=10000&cursor={from}");
            let page = self.sandbox_api(Method::GET, &path, Value::Null).await;
            let page: Page = serde_json::from_value(page).expect("messages");
            times.extend(page.messages.iter().map(|arrival| arrival.at));
            cursor = page.next_cursor;
        }
        times.sort_unstable();
        times
    }
}

/// The most arrivals that lie within one second, whichever second that is.
pub fn busiest_second(arrivals: &[DateTime<Utc>]) -> usize {
    let second = chrono::Duration::seconds(1);
    let mut first = 0;
    let mut most = 0;
    for (last, at) in arrivals.iter().enumerate() {
        while *at - arrivals[first] >= second {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}
