//! Alibaba Cloud SMS, `SendSms`, `QuerySmsTemplateList` and `GetSmsSign`.

use super::template::MOST_TEMPLATES;
use super::{
    Sms, SmsMessage, SmsSent, SmsSignature, SmsSignatureState, SmsTemplate, SmsTemplateKind,
    SmsTemplateState, acs3, clean_code, phone,
};
use crate::http::{Answer, Effect, Http, base_url, host};
use crate::{Class, Error, Now, Result, beijing, crypto, flexible};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone)]
pub struct AliyunSettings {
    pub base_url: String,
    pub access_key_id: String,
    pub access_key_secret: String,
    pub sign_name: String,
    pub timeout: Duration,
}

opaque_debug!(AliyunSettings);

pub(super) struct Aliyun {
    http: Http,
    url: String,
    host: String,
    settings: AliyunSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    biz_id: String,
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    #[serde(default)]
    sms_template_list: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    template_code: String,
    #[serde(default)]
    template_name: String,
    #[serde(default)]
    template_content: String,
    #[serde(default)]
    audit_status: String,
    #[serde(default)]
    outer_template_type: Value,
    reason: Option<Reason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    #[serde(default)]
    reject_info: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Signature {
    #[serde(default)]
    sign_status: Value,
    audit_info: Option<Reason>,
}

/// What the supplier says of a signature that the account has none of.
const NO_SIGNATURE: [&str; 2] = ["isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL"];

/// The most that a page of `QuerySmsTemplateList` holds.
const PAGE: usize = 50;

impl Aliyun {
    pub fn new(settings: AliyunSettings, now: Now) -> Result<Self> {
        let url = base_url(&settings.base_url)?;
        Ok(Self {
            http: Http::new(settings.timeout, now)?,
            host: host(&url)?,
            url: format!("{url}/"),
            settings,
        })
    }

    fn query(&self, message: &SmsMessage) -> Result<String> {
        let params: Map<String, Value> =
            message.params.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let sign_name = message.sign_name.as_ref().unwrap_or(&self.settings.sign_name);
        let mut parameters = BTreeMap::from([
            ("PhoneNumbers", phone::without_sign(&message.phone)?),
            ("SignName", sign_name.clone()),
            ("TemplateCode", message.template.clone()),
            ("TemplateParam", Value::Object(params).to_string()),
        ]);
        if let Some(out_id) = &message.out_id {
            parameters.insert("OutId", out_id.clone());
        }
        Ok(acs3::canonical_query(&parameters))
    }

    fn request(&self, action: &str, query: &str) -> reqwest::RequestBuilder {
        let headers = BTreeMap::from([
            ("host", self.host.clone()),
            ("x-acs-action", action.to_owned()),
            ("x-acs-content-sha256", crypto::sha256_hex(b"")),
            ("x-acs-date", self.http.now().format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("x-acs-signature-nonce", crypto::nonce()),
            ("x-acs-version", "2017-05-25".to_owned()),
        ]);
        let authorization = acs3::authorization(&acs3::Signing {
            key_id: &self.settings.access_key_id,
            key_secret: &self.settings.access_key_secret,
            query,
            headers: &headers,
            body: b"",
        });
        let request = self.http.client.post(format!("{}?{query}", self.url));
        let request = headers
            .into_iter()
            .filter(|(name, _)| *name != "host")
            .fold(request, |request, (name, value)| request.header(name, value));
        request.header("authorization", authorization)
    }
}

#[async_trait]
impl Sms for Aliyun {
    fn provider(&self) -> &'static str {
        super::ALIYUN
    }

    async fn send(&self, message: &SmsMessage) -> Result<SmsSent> {
        let request = self.request("SendSms", &self.query(message)?);
        let answer = self.http.send(request, Effect::Once).await?;
        let outcome: Outcome = read(&answer)?;
        self.check(&outcome)?;
        Ok(SmsSent { message_id: outcome.biz_id, fee: None })
    }

    async fn templates(&self) -> Result<Vec<SmsTemplate>> {
        let mut templates = Vec::new();
        for page in 1..=MOST_TEMPLATES / PAGE {
            let query = BTreeMap::from([("PageIndex", page.to_string()), ("PageSize", PAGE.to_string())]);
            let request = self.request("QuerySmsTemplateList", &acs3::canonical_query(&query));
            let answer = self.http.send(request, Effect::Read).await?;
            self.check(&read(&answer)?)?;
            let listed = read::<Listing>(&answer)?.sms_template_list;
            let is_last = listed.len() < PAGE;
            templates.extend(listed.into_iter().filter_map(Listed::template));
            if is_last {
                break;
            }
        }
        Ok(templates)
    }

    async fn signature(&self) -> Result<Option<SmsSignature>> {
        if self.settings.sign_name.is_empty() {
            return Ok(None);
        }
        let query = BTreeMap::from([("SignName", self.settings.sign_name.clone())]);
        let request = self.request("GetSmsSign", &acs3::canonical_query(&query));
        let answer = self.http.send(request, Effect::Read).await?;
        let outcome: Outcome = read(&answer)?;
        if NO_SIGNATURE.contains(&outcome.code.as_str()) {
            return Ok(Some(SmsSignature::UNLISTED));
        }
        self.check(&outcome)?;
        Ok(Some(read::<Signature>(&answer)?.judged()))
    }
}

impl Aliyun {
    fn check(&self, outcome: &Outcome) -> Result<()> {
        if outcome.code.eq_ignore_ascii_case("ok") {
            return Ok(());
        }
        let (class, pause) = judge(outcome, self.http.now());
        let error = Error::new(class, clean_code(&outcome.code), "Alibaba Cloud SMS refused");
        Err(error.with_rid(outcome.request_id.clone()).with_retry_after(pause))
    }
}

impl Listed {
    /// None: for abroad, or a digital message, which `SendSms` does not send.
    fn template(self) -> Option<SmsTemplate> {
        let kind = match flexible::integer(&self.outer_template_type) {
            Some(0) => Some(SmsTemplateKind::Code),
            Some(1) => Some(SmsTemplateKind::Notice),
            Some(2) => Some(SmsTemplateKind::Marketing),
            Some(_) => return None,
            None => None,
        };
        let state = match self.audit_status.as_str() {
            "AUDIT_STATE_PASS" => SmsTemplateState::Approved,
            "AUDIT_STATE_NOT_PASS" => SmsTemplateState::Refused,
            // The second is a slip of the supplier's.
            "AUDIT_STATE_CANCEL" | "AUDIT_SATE_CANCEL" => SmsTemplateState::Cancelled,
            _ => SmsTemplateState::Pending,
        };
        let reason = self.reason.filter(|_| state == SmsTemplateState::Refused);
        Some(SmsTemplate {
            id: self.template_code,
            name: self.template_name,
            text: self.template_content,
            kind,
            state,
            reason: reason.map(|reason| reason.reject_info).filter(|words| !words.is_empty()),
        })
    }
}

impl Signature {
    fn judged(self) -> SmsSignature {
        let state = match flexible::integer(&self.sign_status) {
            Some(1) => SmsSignatureState::Approved,
            Some(2) => SmsSignatureState::Refused,
            Some(10) => SmsSignatureState::Cancelled,
            _ => SmsSignatureState::Pending,
        };
        SmsSignature::of(state, self.audit_info.map(|audit| audit.reject_info).unwrap_or_default())
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T> {
    serde_json::from_value(answer.json()?).map_err(|_| answer.unreadable())
}

fn judge(outcome: &Outcome, now: DateTime<Utc>) -> (Class, Option<Duration>) {
    match outcome.code.as_str() {
        "isv.BUSINESS_LIMIT_CONTROL" => number_limit(&outcome.message),
        "isv.DAY_LIMIT_CONTROL" | "isv.MONTH_LIMIT_CONTROL" => {
            (Class::Throttled, beijing::until_hour(now, 0))
        }
        "isp.SYSTEM_ERROR" | "ServiceUnavailable" => (Class::Busy, None),
        "isv.AMOUNT_NOT_ENOUGH"
        | "isv.OUT_OF_SERVICE"
        | "isv.PRODUCT_UN_SUBSCRIPT"
        | "isv.PRODUCT_UNSUBSCRIBE" => (Class::Busy, None),
        // A fresh nonce can be a used one only if this very request was heard before.
        "SignatureNonceUsed" | "InternalError" => (Class::Unknown, None),
        "SignatureDoesNotMatch"
        | "InvalidTimeStamp.Expired"
        | "isp.RAM_PERMISSION_DENY"
        | "isv.DENY_IP_RANGE"
        | "isv.ACCOUNT_NOT_EXISTS"
        | "isv.ACCOUNT_ABNORMAL" => (Class::Token, None),
        code if code.starts_with("InvalidAccessKeyId") => (Class::Token, None),
        code if code.starts_with("Throttling") => (Class::Throttled, Some(Duration::from_secs(1))),
        _ => (Class::Permanent, None),
    }
}

/// The limit of one number, not of the lane. Only the message says whether of its minute, hour or day.
fn number_limit(message: &str) -> (Class, Option<Duration>) {
    if message.contains("分钟") {
        return (Class::Busy, Some(Duration::from_secs(60)));
    }
    if message.contains("小时") {
        return (Class::Busy, Some(Duration::from_secs(3600)));
    }
    (Class::Permanent, None)
}
