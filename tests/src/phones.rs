//! People behind their phones, for tests that sign in as they do.

use reqwest::Method;
use serde_json::{Value, json};
use service::settings::Settings;

use crate::app::TestApp;

/// An application whose members have phones.
pub struct Phones {
    pub app: TestApp,
}

/// Somebody with a phone.
pub struct Person {
    pub id: String,
    pub phone: String,
    pub openid: String,
    pub unionid: String,
    pub alipay_open_id: String,
}

impl Phones {
    pub async fn start() -> Self {
        Self::with_settings("").await
    }

    /// With some settings changed, written as in huike.toml; they come first, so top-level ones may be among them.
    pub async fn with_settings(overrides: &str) -> Self {
        let life = Settings::from_toml(overrides).expect("valid settings").sign_in.access_token_seconds;
        let sessions_end = |settings: &mut Settings| settings.sign_in.access_token_seconds = life;
        Self { app: TestApp::with_platforms_where(overrides, sessions_end).await }
    }

    /// Moves both clocks.
    pub async fn advance(&self, seconds: i64) {
        self.app.advance(chrono::Duration::seconds(seconds)).await;
    }

    pub async fn person(&self, phone: &str) -> Person {
        let made = self.control(Method::POST, "/people", json!({ "phone": phone })).await;
        let text = |name: &str| made[name].as_str().expect("a person has it").to_owned();
        Person {
            id: text("id"),
            phone: text("phone"),
            openid: text("openid"),
            unionid: text("unionid"),
            alipay_open_id: text("alipay_open_id"),
        }
    }

    pub async fn change_person(&self, person: &Person, change: Value) {
        self.control(Method::PATCH, &format!("/people/{}", person.id), change).await;
    }

    /// What `wx.login` gives.
    pub async fn login_code(&self, person: &Person) -> String {
        self.code(person, "login-codes").await
    }

    /// What the phone-number button gives.
    pub async fn phone_code(&self, person: &Person) -> String {
        self.code(person, "phone-codes").await
    }

    /// A finger on the phone: what `wx.startSoterAuthentication` gives for `touch`.
    pub async fn soter(&self, person: &Person, touch: Value) -> Value {
        self.control(Method::POST, &format!("/people/{}/soter", person.id), touch).await
    }

    pub async fn alipay_code(&self, person: &Person) -> String {
        self.code(person, "alipay-auth-codes").await
    }

    /// What `my.getPhoneNumber` gives.
    pub async fn alipay_phone(&self, person: &Person) -> String {
        let made =
            self.control(Method::POST, &format!("/people/{}/alipay-phone", person.id), json!({})).await;
        made["response"].as_str().expect("a response").to_owned()
    }

    pub async fn sms_count(&self, person: &Person) -> usize {
        self.sms(person).await.len()
    }

    /// The six digits of the last message.
    pub async fn last_sms_code(&self, person: &Person) -> String {
        let texts = self.sms(person).await;
        let text = texts.last().expect("an SMS has arrived");
        text.split(|c: char| !c.is_ascii_digit())
            .find(|digits| digits.len() == 6)
            .unwrap_or_else(|| panic!("no code in {text}"))
            .to_owned()
    }

    pub async fn set_faults(&self, faults: Value) {
        self.control(Method::PUT, "/faults", faults).await;
    }

    /// Asks for a code and reads it off the phone.
    pub async fn sms_code(&self, person: &Person) -> String {
        self.app.post("/v1/auth/sms-codes", json!({ "phone": person.phone })).await.expect(200);
        self.last_sms_code(person).await
    }

    /// Signs in by SMS; the answer's body.
    pub async fn sign_in(&self, person: &Person) -> Value {
        let code = self.sms_code(person).await;
        self.app.post("/v1/auth/sms", json!({ "phone": person.phone, "code": code })).await.expect(200)
    }

    async fn code(&self, person: &Person, kind: &str) -> String {
        let made = self.control(Method::POST, &format!("/people/{}/{kind}", person.id), json!({})).await;
        made["code"].as_str().expect("a code").to_owned()
    }

    async fn sms(&self, person: &Person) -> Vec<String> {
        let all = self.control(Method::GET, &format!("/people/{}/messages", person.id), Value::Null).await;
        let all = all["messages"].as_array().cloned().unwrap_or_default();
        all.iter()
            .filter(|message| message["kind"] == "sms")
            .map(|message| message["text"].as_str().expect("an SMS has a text").to_owned())
            .collect()
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        self.app.sandbox(method, path, body).await
    }
}
