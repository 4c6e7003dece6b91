//! Alipay: who is at the phone or came back from its page, and that person's number.

mod members;
mod phone;
mod signature;

use crate::http::{Answer, Effect, Http, base_url};
use crate::{Class, Error, Now, Result, beijing, flexible};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use members::Members;
use serde::Deserialize;
use serde_json::Value;
use signature::Keys;
use std::collections::BTreeMap;
use std::time::Duration;

/// How Alipay refuses an authorization code that it never gave.
const UNKNOWN_CODE: &str = "isv.code-invalid";

#[derive(Clone)]
pub struct AlipaySettings {
    pub gateway_url: String,
    /// The page on which a person in a browser says yes or no.
    pub authorise_url: String,
    /// What that page asks for: `auth_base` or `auth_user`.
    pub scope: String,
    pub app_id: String,
    /// Ours: PKCS#8 or PKCS#1, in PEM or bare Base64.
    pub private_key_pem: String,
    /// Alipay's, not the public half of ours.
    pub alipay_public_key_pem: String,
    /// The console's content encryption key, in Base64.
    pub aes_key: Option<String>,
    pub timeout: Duration,
}

pub struct Alipay {
    http: Http,
    gateway_url: String,
    authorise_url: String,
    scope: String,
    app_id: String,
    keys: Keys,
    aes_key: Option<[u8; 16]>,
}

/// Newer apps are told an `open_id`, older ones a `user_id`; at least one is there.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct AlipayUser {
    #[serde(default, deserialize_with = "flexible::de_optional_text")]
    pub open_id: Option<String>,
    #[serde(default, deserialize_with = "flexible::de_optional_text")]
    pub user_id: Option<String>,
    #[serde(default, deserialize_with = "flexible::de_optional_text")]
    pub union_id: Option<String>,
}

opaque_debug!(AlipaySettings, Alipay, AlipayUser);

impl AlipayUser {
    /// The id to know this person by, together with the app id.
    pub fn subject(&self) -> &str {
        self.open_id.as_deref().or(self.user_id.as_deref()).unwrap_or_default()
    }
}

impl Alipay {
    pub fn new(settings: AlipaySettings, now: Now) -> Result<Self> {
        Ok(Self {
            http: Http::new(settings.timeout, now)?,
            gateway_url: base_url(&settings.gateway_url)?,
            authorise_url: base_url(&settings.authorise_url)?,
            scope: settings.scope,
            app_id: settings.app_id,
            keys: Keys::new(&settings.private_key_pem, &settings.alipay_public_key_pem)?,
            aes_key: settings.aes_key.as_deref().map(decode_aes_key).transpose()?,
        })
    }

    /// Alipay's page; it sends the browser back to `back_to` with the same `state`, and with an `auth_code` where the person agreed.
    pub fn authorise_url(&self, back_to: &str, state: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("app_id", &self.app_id)
            .append_pair("scope", &self.scope)
            .append_pair("redirect_uri", back_to)
            .append_pair("state", state)
            .finish();
        format!("{}?{query}", self.authorise_url)
    }

    /// Redeems the code of `my.getAuthCode` or of the page, which is good once.
    pub async fn oauth_token(&self, auth_code: &str) -> Result<AlipayUser> {
        let parameters = BTreeMap::from([
            ("method", "alipay.system.oauth.token".to_owned()),
            ("grant_type", "authorization_code".to_owned()),
            ("code", auth_code.to_owned()),
        ]);
        let (answer, value) = self.call(parameters, "alipay_system_oauth_token_response").await?;
        let user: AlipayUser = serde_json::from_value(value).map_err(|_| answer.unreadable())?;
        if user.subject().is_empty() {
            return Err(answer.unreadable());
        }
        Ok(user)
    }

    /// Whether Alipay takes our app and signature, and signs with the key that we know. It redeems a code that nobody has, and
    /// the refusal of the code is the proof.
    pub async fn prove_credentials(&self) -> Result<()> {
        match self.oauth_token("credentials-check").await {
            Err(error) if error.code == UNKNOWN_CODE => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// The number inside what `my.getPhoneNumber` gave the front end. It passes through the shopper's hands, so
    /// an unsigned one is refused even where Alipay would send it so.
    pub fn decrypt_phone(&self, response_json: &str) -> Result<String> {
        phone::open(&self.keys, self.aes_key.as_ref(), response_json)
    }

    async fn call(&self, mut parameters: BTreeMap<&str, String>, member: &str) -> Result<(Answer, Value)> {
        parameters.extend([
            ("app_id", self.app_id.clone()),
            ("format", "JSON".to_owned()),
            ("charset", "utf-8".to_owned()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", beijing::local(self.http.now()).format("%Y-%m-%d %H:%M:%S").to_string()),
            ("version", "1.0".to_owned()),
        ]);
        parameters.insert("sign", self.keys.sign_parameters(&parameters)?);
        let url = format!("{}?charset=utf-8", self.gateway_url);
        let answer = self.http.send(self.http.client.post(url).form(&parameters), Effect::Once).await?;
        let value = self.read(&answer, member)?;
        Ok((answer, value))
    }

    fn read(&self, answer: &Answer, member: &str) -> Result<Value> {
        let text = std::str::from_utf8(&answer.body).map_err(|_| answer.unreadable())?;
        let members = Members::of(text).ok_or_else(|| answer.unreadable())?;
        if let Some(refusal) = members.value("error_response") {
            let refusal = refusal_of(&refusal).ok_or_else(|| answer.unreadable())?;
            return Err(self.doubt(refusal, &members));
        }
        let raw = members.raw(member).ok_or_else(|| answer.unreadable())?;
        let value = members.value(member).ok_or_else(|| answer.unreadable())?;
        if let Some(refusal) = refusal_of(&value) {
            return Err(refusal);
        }
        self.check_signature(raw, &members.text("sign").unwrap_or_default())?;
        Ok(value)
    }

    /// Refusals need not be signed. Where the app itself was taken and only its code was not, a wrong signature shows that the
    /// key which we know is not Alipay's.
    fn doubt(&self, refusal: Error, members: &Members<'_>) -> Error {
        let sign = members.text("sign").filter(|sign| !sign.is_empty());
        match (members.raw("error_response"), sign) {
            (Some(raw), Some(sign)) if refusal.code == UNKNOWN_CODE => {
                self.check_signature(raw, &sign).err().unwrap_or(refusal)
            }
            _ => refusal,
        }
    }

    fn check_signature(&self, raw: &str, sign: &str) -> Result<()> {
        // The gateway escapes slashes after it signed, as Alipay's own SDKs allow for.
        if self.keys.verifies(raw, sign) || self.keys.verifies(&raw.replace("\\/", "/"), sign) {
            return Ok(());
        }
        Err(Error::new(Class::Unknown, "signature", "the answer is not signed by Alipay"))
    }
}

fn decode_aes_key(text: &str) -> Result<[u8; 16]> {
    STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::setting("the Alipay content key is not 16 bytes in Base64"))
}

/// The failure a response reports; a success has the code 10000 or, from the oldest APIs, none.
fn refusal_of(response: &Value) -> Option<Error> {
    let text = |name: &str| response.get(name).and_then(flexible::text).filter(|text| !text.is_empty());
    let code = text("code").filter(|code| code != "10000")?;
    let sub_code = text("sub_code").or_else(|| text("subCode"));
    let class = class(&code, sub_code.as_deref().unwrap_or_default());
    Some(Error::new(class, clean_code(&sub_code.unwrap_or(code)), "Alipay refused"))
}

fn class(code: &str, sub_code: &str) -> Class {
    let temporary = sub_code == "aop.unknow-error" || sub_code.starts_with("isp.");
    match (code, sub_code) {
        ("20000", _) => Class::Busy,
        ("20001" | "40006", _) => Class::Token,
        (
            _,
            "isv.invalid-signature" | "isv.missing-signature" | "isv.invalid-app-id" | "isv.missing-app-id",
        ) => Class::Token,
        _ if temporary => Class::Busy,
        _ => Class::Permanent,
    }
}

/// Codes go into logs: only what a code may be.
fn clean_code(code: &str) -> String {
    const MAX_CODE_CHARS: usize = 64;
    code.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        .take(MAX_CODE_CHARS)
        .collect()
}
