//! The foreign client, and a sandbox whose clock stands still.

use chrono::{DateTime, TimeZone, Utc};
use reqwest::Method;
use sandbox::{Sandbox, SandboxClock, SandboxSettings};
use serde_json::{Value, json};

pub const APPID: &str = "wx5a6db0c0ffee2025";
pub const SECRET: &str = "5a6db0c5ec2e70000000000000000001";
pub const EXPIRY: &str = "TMPL_COUPON_EXPIRY_00000000000000000000000A";
pub const PROGRESS: &str = "TMPL_SERVICE_PROGRESS_00000000000000000000F";

/// Noon in Beijing, inside the marketing hours.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 8, 8, 4, 0, 0).unwrap()
}

pub struct Stranger {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
}

pub struct Person {
    pub id: String,
    pub openid: String,
    pub phone: String,
    pub row: Value,
}

impl Stranger {
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let mut settings =
            SandboxSettings { clock: SandboxClock::Fixed(noon()), ..SandboxSettings::default() };
        change(&mut settings);
        let sandbox = Sandbox::start(settings).await.unwrap();
        Self { sandbox, http: reqwest::Client::new() }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    pub async fn get(&self, path: &str) -> Value {
        let text = self.http.get(self.url(path)).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(self.url(path)).json(&body).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// A control call that must succeed; the answer may be empty.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = self.url(&format!("/sandbox/api{path}"));
        let answer = self.http.request(method, url).json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub async fn look(&self, path: &str) -> Value {
        self.get(&format!("/sandbox/api{path}")).await
    }

    pub async fn advance(&self, seconds: i64) {
        self.control(Method::PUT, "/clock", json!({ "advance_seconds": seconds })).await;
    }

    pub async fn person(&self) -> Person {
        let row = self.control(Method::POST, "/people", json!({})).await;
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        Person { id: text("id"), openid: text("openid"), phone: text("phone"), row: row.clone() }
    }

    pub async fn token(&self) -> String {
        let wish = json!({ "grant_type": "client_credential", "appid": APPID, "secret": SECRET });
        let answer = self.post("/cgi-bin/stable_token", wish).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn accept(&self, person: &Person, template: &str) -> Value {
        let prompt = json!({ "template_ids": [template], "answers": { template: "accept" } });
        self.control(Method::POST, &format!("/people/{}/prompts", person.id), prompt).await
    }

    /// Sends an expiry reminder with values that keep every rule.
    pub async fn remind(&self, token: &str, openid: &str) -> Value {
        self.send(token, reminder(openid)).await
    }

    pub async fn send(&self, token: &str, body: Value) -> Value {
        self.post(&format!("/cgi-bin/message/subscribe/send?access_token={token}"), body).await
    }

    pub async fn login_code(&self, person: &Person) -> String {
        self.code(person, "login-codes").await
    }

    pub async fn code(&self, person: &Person, kind: &str) -> String {
        let made = self.control(Method::POST, &format!("/people/{}/{kind}", person.id), json!({})).await;
        made["code"].as_str().unwrap().to_owned()
    }

    pub async fn log_in(&self, code: &str) -> Value {
        self.get(&login_path(code)).await
    }
}

pub fn login_path(code: &str) -> String {
    format!("/sns/jscode2session?appid={APPID}&secret={SECRET}&js_code={code}&grant_type=authorization_code")
}

pub fn reminder(openid: &str) -> Value {
    json!({
        "touser": openid, "template_id": EXPIRY, "page": "pages/coupon/index?from=push",
        "data": {
            "thing1": { "value": "满100减20券" },
            "date2": { "value": "2025年12月31日" },
            "thing3": { "value": "到店出示会员码即可使用" },
        },
    })
}

/// The errcode, with the promise that the message ends in a request id.
pub fn errcode(answer: &Value) -> i64 {
    let code = answer["errcode"].as_i64().unwrap_or(0);
    if code != 0 {
        let text = answer["errmsg"].as_str().unwrap();
        let rid = text.rsplit_once(" rid: ").unwrap_or_else(|| panic!("no rid in {text}")).1;
        let groups: Vec<&str> = rid.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 8, 8], "{text}");
    }
    code
}
