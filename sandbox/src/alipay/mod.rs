//! `openauth.alipay.com`'s page for browsers, and `openapi.alipay.com/gateway.do`: RSA2 in both directions, `alipay.system.oauth.token`, the phone payload and template
//! messages.

pub(crate) mod authorise;
mod message;
mod oauth;
mod rsa;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::payload_cipher;
use crate::pipeline::{Desk, Reply};
use crate::settings::AlipayAccount;

type Parameters = BTreeMap<String, String>;

/// A failure as the gateway tells it.
pub(crate) struct Failure {
    code: &'static str,
    sub_code: String,
    sub_msg: &'static str,
}

impl Failure {
    fn new(code: &'static str, sub_code: impl Into<String>, sub_msg: &'static str) -> Self {
        Self { code, sub_code: sub_code.into(), sub_msg }
    }

    fn body(&self) -> Value {
        let msg = match self.code {
            "20000" => "Service Currently Unavailable",
            "40001" => "Missing Required Arguments",
            "40002" => "Invalid Arguments",
            "40006" => "Insufficient Permissions",
            _ => "Business Failed",
        };
        json!({ "code": self.code, "msg": msg, "sub_code": self.sub_code, "sub_msg": self.sub_msg })
    }
}

pub(crate) fn answer(desk: &Desk<'_>) -> Reply {
    let mut parameters: Parameters = desk.call.query.clone().into_iter().collect();
    parameters.extend(url::form_urlencoded::parse(&desk.call.body).into_owned());
    let method = of(&parameters, "method");
    let outcome = check_envelope(desk, &parameters).and_then(|()| match method {
        "alipay.system.oauth.token" => oauth::token(desk, &parameters),
        "alipay.open.app.mini.templatemessage.send" => message::send(desk, &parameters),
        _ => Err(Failure::new("40001", "isv.invalid-method", "不存在的方法名")),
    });
    let (key, body) = match outcome {
        Ok(body) => (format!("{}_response", method.replace('.', "_")), body),
        Err(failure) => {
            desk.world.counters.refusal("/gateway.do", &failure.sub_code);
            // The OAuth method and broken envelopes fail under a name of their own.
            let common = method == "alipay.system.oauth.token" || failure.code != "40004";
            let key = if common { "error".to_owned() } else { method.replace('.', "_") };
            (format!("{key}_response"), failure.body())
        }
    };
    signed(desk, &key, &body)
}

pub(crate) fn busy(desk: &Desk<'_>, sub_code: &str) -> Reply {
    let failure = Failure::new("20000", sub_code, "系统繁忙");
    signed(desk, "error_response", &failure.body())
}

/// The signature covers the exact bytes of the inner value.
fn signed(desk: &Desk<'_>, key: &str, body: &Value) -> Reply {
    let inner = body.to_string();
    let sign =
        rsa::sign(&desk.hub.settings.alipay.alipay_private_key_pem, inner.as_bytes()).unwrap_or_default();
    let text = format!("{{{}:{inner},\"sign\":{}}}", json!(key), json!(sign));
    Reply::new("text/html;charset=utf-8", text)
}

fn of<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.get(name).map(String::as_str).unwrap_or_default()
}

fn check_envelope(desk: &Desk<'_>, parameters: &Parameters) -> Result<(), Failure> {
    let account = &desk.hub.settings.alipay;
    let required = ["app_id", "method", "charset", "sign_type", "sign", "timestamp", "version"];
    if let Some(missing) = required.iter().find(|name| of(parameters, name).is_empty()) {
        let sub_code = format!("isv.missing-{}", missing.replace('_', "-"));
        return Err(Failure::new("40001", sub_code, "缺少必选参数"));
    }
    if of(parameters, "app_id") != account.app_id {
        return Err(Failure::new("40002", "isv.invalid-app-id", "无效的AppID参数"));
    }
    if of(parameters, "sign_type") != "RSA2" {
        return Err(Failure::new("40002", "isv.invalid-signature-type", "无效的签名类型"));
    }
    let timestamp = chrono::NaiveDateTime::parse_from_str(of(parameters, "timestamp"), "%Y-%m-%d %H:%M:%S");
    if timestamp.is_err() {
        return Err(Failure::new("40002", "isv.invalid-timestamp", "非法的时间戳参数"));
    }
    let signed: Vec<String> = parameters
        .iter()
        .filter(|(name, value)| *name != "sign" && !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if rsa::verify(&account.app_public_key_pem, signed.join("&").as_bytes(), of(parameters, "sign")) {
        Ok(())
    } else {
        Err(Failure::new("40002", "isv.invalid-signature", "无效签名"))
    }
}

/// Refuses keys that could not sign or verify later.
pub(crate) fn check_keys(account: &AlipayAccount) -> anyhow::Result<()> {
    rsa::sign(&account.alipay_private_key_pem, b"probe")?;
    anyhow::ensure!(rsa::is_public_key(&account.app_public_key_pem), "the app's public key is not a PEM");
    let key = STANDARD.decode(&account.aes_key)?;
    anyhow::ensure!(key.len() == 16, "the AES key must be 16 bytes in Base64");
    Ok(())
}

/// What `my.getPhoneNumber` gives the mini-program: the cipher text, and its signature with the quotes around it.
pub(crate) fn phone_response(account: &AlipayAccount, phone: &str) -> Result<Value, String> {
    let plain = json!({ "code": "10000", "msg": "Success", "mobile": phone }).to_string();
    let key = STANDARD.decode(&account.aes_key).map_err(|error| error.to_string())?;
    let cipher =
        payload_cipher::encrypt(&key, &[0u8; 16], plain.as_bytes()).ok_or("the AES key is not 16 bytes")?;
    let cipher = STANDARD.encode(cipher);
    let quoted = format!("\"{cipher}\"");
    let sign =
        rsa::sign(&account.alipay_private_key_pem, quoted.as_bytes()).map_err(|error| error.to_string())?;
    Ok(json!({ "response": cipher, "sign": sign }))
}
