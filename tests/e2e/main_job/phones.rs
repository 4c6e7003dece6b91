//! The members' phones: people of the sandbox, over its control API.

use std::collections::HashMap;
use std::time::Duration;

use sandbox::{Sandbox, SandboxSettings};
use serde::Deserialize;
use serde_json::{Value, json};

pub const TEMPLATE: &str = "TMPL_COUPON_ARRIVAL_0000000000000000000000B";

pub struct Phones {
    base_url: String,
    client: reqwest::Client,
    _sandbox: Sandbox,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    pub id: String,
    pub openid: String,
    pub phone: String,
}

impl Phones {
    pub async fn start() -> Self {
        let settings = SandboxSettings { listen: "127.0.0.1:0".to_owned(), ..SandboxSettings::default() };
        let sandbox = Sandbox::start(settings).await.expect("the sandbox starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { base_url: sandbox.base_url(), client, _sandbox: sandbox }
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub async fn make(&self, count: usize) -> Vec<Person> {
        let made =
            self.post("/people/batch", json!({ "count": count, "phone_start": 13_900_000_000_u64 })).await;
        let people: Vec<Person> = serde_json::from_value(made["people"].clone()).expect("people");
        assert_eq!(people.len(), count);
        people
    }

    pub async fn push_events_to(&self, api: &str, token: &str) {
        let target = json!({ "url": format!("{api}/v1/callbacks/wechat"), "token": token });
        self.ask(reqwest::Method::PUT, "/callback", json!({ "target": target })).await;
    }

    /// Nine of ten accept one message of the template; the product learns it by the platform's events.
    pub async fn consent(&self, people: &[Person]) {
        let ids: Vec<&str> = people
            .iter()
            .enumerate()
            .filter(|(index, _)| index % 10 != 3)
            .map(|(_, person)| person.id.as_str())
            .collect();
        let body = json!({ "person_ids": ids, "template_id": TEMPLATE, "answer": "accept" });
        self.post("/prompts/batch", body).await;
        self.wait_until_events_are_delivered().await;
        let counters = self.get("/counters").await;
        assert_eq!(counters["callbacks"]["failed"], 0, "every consent event is taken: {counters}");
    }

    pub async fn wait_until_events_are_delivered(&self) {
        tests::level::reached("all events are delivered", Duration::from_secs(180), || async {
            self.get("/pending").await["callbacks"] == 0
        })
        .await;
    }

    pub async fn wait_for_messages(&self, count: u64) {
        tests::level::reached("a third of the messages is out", Duration::from_secs(120), || async {
            self.win_back_messages().await >= count
        })
        .await;
    }

    pub async fn win_back_messages(&self) -> u64 {
        self.get("/counters").await["messages"]["service_notification"].as_u64().unwrap_or_default()
    }

    /// Messages of the campaign's template, per person.
    pub async fn inboxes(&self) -> HashMap<String, u64> {
        let answer = self.get("/inboxes?limit=50000").await;
        assert!(answer["next_cursor"].is_null(), "one page holds every inbox");
        let inboxes = answer["inboxes"].as_array().expect("inboxes").iter();
        inboxes
            .map(|inbox| {
                let person = inbox["person"].as_str().expect("a person").to_owned();
                (person, inbox["templates"][TEMPLATE].as_u64().unwrap_or_default())
            })
            .collect()
    }

    pub async fn duplicates(&self) -> u64 {
        self.get("/counters").await["duplicates"].as_u64().expect("a count")
    }

    pub async fn login_code(&self, person: &Person) -> String {
        let answer = self.post(&format!("/people/{}/login-codes", person.id), json!({})).await;
        answer["code"].as_str().expect("a code").to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(reqwest::Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(reqwest::Method::POST, path, body).await
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let mut request = self.client.request(method, format!("{}/sandbox/api{path}", self.base_url));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}
