//! The sandbox as a test's platforms: its accounts in the settings, its callbacks to the application, its control API.

use reqwest::Method;
use sandbox::{CallbackTarget, Sandbox, SandboxClock, SandboxSettings, demo_keys};
use serde::Serialize;
use serde_json::{Value, json};
use service::settings::{Secret, Settings};

use crate::app::{TestApp, start};

const WECHAT_TOKEN: &str = "callback-token";
const SMS_KEY: &str = "callback-key";
/// The sandbox's template of a sign-in code.
const SMS_TEMPLATE: &str = "SMS_400000101";

/// A sandbox whose clock stands at the test's start and whose callbacks go to `base_url`.
pub(crate) async fn sandbox(base_url: &str) -> Sandbox {
    let mut settings = SandboxSettings { clock: SandboxClock::Fixed(start()), ..SandboxSettings::default() };
    settings.wechat.callback = Some(CallbackTarget {
        url: format!("{base_url}/v1/callbacks/wechat"),
        token: WECHAT_TOKEN.to_owned(),
        aes_key: None,
        mode: Default::default(),
        format: Default::default(),
    });
    let sms_callback = Some(format!("{base_url}/v1/callbacks/sms/aliyun?key={SMS_KEY}"));
    settings.aliyun_sms.report_url.clone_from(&sms_callback);
    settings.aliyun_sms.reply_url = sms_callback;
    Sandbox::start(settings).await.expect("the sandbox starts")
}

/// Names the sandbox's accounts where a test's own settings leave them empty.
pub(crate) fn configure(settings: &mut Settings, sandbox: &Sandbox) {
    let accounts = SandboxSettings::default();
    let base_url = sandbox.base_url();
    if settings.wechat.appid.is_empty() {
        settings.wechat.base_url.clone_from(&base_url);
        settings.wechat.appid = accounts.wechat.appid;
        settings.wechat.secret = Secret::new(accounts.wechat.secret);
        settings.wechat.callback_token = Secret::new(WECHAT_TOKEN);
    }
    if settings.sms.provider.is_empty() {
        settings.sms.provider = "aliyun".to_owned();
        settings.sms.sign_name.clone_from(&accounts.aliyun_sms.signs[0]);
        settings.sms.callback_key = Secret::new(SMS_KEY);
        settings.sign_in.sms_template = SMS_TEMPLATE.to_owned();
        settings.aliyun_sms.base_url.clone_from(&base_url);
        settings.aliyun_sms.access_key_id = Secret::new(accounts.aliyun_sms.access_key_id);
        settings.aliyun_sms.access_key_secret = Secret::new(accounts.aliyun_sms.access_key_secret);
    }
    if settings.alipay.app_id.is_empty() {
        settings.alipay.gateway_url = format!("{base_url}/gateway.do");
        settings.alipay.app_id = accounts.alipay.app_id;
        settings.alipay.private_key = Secret::new(demo_keys().app_private_key_pem);
        settings.alipay.alipay_public_key = demo_keys().alipay_public_key_pem.to_owned();
        settings.alipay.aes_key = Secret::new(demo_keys().aes_key);
    }
}

impl TestApp {
    /// Calls the sandbox's control API, e.g. `POST` `/people`.
    pub async fn control(&self, method: Method, path: &str, body: impl Serialize) -> Value {
        let sandbox = self.sandbox.as_ref().expect("the test has platforms");
        let url = format!("{}/sandbox/api{path}", sandbox.base_url());
        let mut request = self.client.request(method.clone(), url);
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the sandbox answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Moves the time of the application and of the platforms.
    pub async fn advance(&self, duration: chrono::Duration) {
        self.clock.advance(duration);
        if self.sandbox.is_some() {
            self.control(Method::PUT, "/clock", json!({ "now": self.ctx.now() })).await;
        }
    }
}
