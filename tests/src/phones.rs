//! The platforms with people behind their phones, for tests that sign in: a sandbox whose clock moves with the application's.

use reqwest::Method;
use sandbox::{Sandbox, SandboxClock, SandboxSettings, demo_keys};
use serde_json::{Value, json};

use crate::app::{TestApp, start};

/// An application whose platforms are a sandbox.
pub struct Phones {
    pub app: TestApp,
    sandbox: Sandbox,
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
        let settings = SandboxSettings { clock: SandboxClock::Fixed(start()), ..SandboxSettings::default() };
        let platforms = |base_url: &str| platform_settings(&settings, base_url);
        let sandbox = Sandbox::start(settings.clone()).await.expect("the sandbox starts");
        let app = TestApp::with_settings(&format!("{overrides}\n{}", platforms(&sandbox.base_url()))).await;
        let phones = Self { app, sandbox };
        let generous = json!({ "per_thirty_seconds": 1000, "per_hour": 1000, "per_day": 1000, "same_content_per_day": 1000 });
        phones.control(Method::PUT, "/sms-rules", generous).await;
        phones
    }

    /// Moves both clocks.
    pub async fn advance(&self, seconds: i64) {
        self.app.clock.advance(chrono::Duration::seconds(seconds));
        self.control(Method::PUT, "/clock", json!({ "advance_seconds": seconds })).await;
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
        let url = format!("{}/sandbox/api{path}", self.sandbox.base_url());
        let answer =
            self.app.client.request(method, url).json(&body).send().await.expect("the sandbox answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

fn platform_settings(settings: &SandboxSettings, base_url: &str) -> String {
    let keys = demo_keys();
    let one_line = |pem: &str| pem.trim().replace('\n', "\\\\n");
    let template = settings.aliyun_sms.templates.first().expect("a demo template");
    format!(
        r#"
sms.provider = "aliyun"
sms.sign_name = "{sign}"
sign_in.sms_template = "{template}"
wechat.base_url = "{base_url}"
wechat.appid = "{appid}"
wechat.secret = "{secret}"
aliyun_sms.base_url = "{base_url}"
aliyun_sms.access_key_id = "{key_id}"
aliyun_sms.access_key_secret = "{key_secret}"
alipay.gateway_url = "{base_url}/gateway.do"
alipay.app_id = "{app_id}"
alipay.private_key = "{private_key}"
alipay.alipay_public_key = "{public_key}"
alipay.aes_key = "{aes_key}"
"#,
        sign = settings.aliyun_sms.signs.first().expect("a demo signature"),
        template = template.id,
        appid = settings.wechat.appid,
        secret = settings.wechat.secret,
        key_id = settings.aliyun_sms.access_key_id,
        key_secret = settings.aliyun_sms.access_key_secret,
        app_id = settings.alipay.app_id,
        private_key = one_line(keys.app_private_key_pem),
        public_key = one_line(keys.alipay_public_key_pem),
        aes_key = keys.aes_key,
    )
}
