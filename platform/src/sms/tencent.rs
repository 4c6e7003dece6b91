//! Tencent Cloud SMS, `SendSms`, `DescribeSmsTemplateList` and `DescribeSmsSignList`.

use super::template::MOST_TEMPLATES;
use super::{
    Sms, SmsMessage, SmsSent, SmsSignature, SmsSignatureState, SmsTemplate, SmsTemplateState, clean_code,
    phone, tc3,
};
use crate::flexible::de_text;
use crate::http::{Answer, Effect, Http, base_url, host};
use crate::{Class, Error, Now, Result, beijing};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Marketing goes out from eight in the morning to ten at night.
const MARKETING_OPENS_HOUR: u32 = 8;

#[derive(Clone)]
pub struct TencentSettings {
    pub base_url: String,
    pub secret_id: String,
    pub secret_key: String,
    pub sdk_app_id: String,
    /// Without its brackets.
    pub sign_name: String,
    /// By which alone the signature's state can be asked for; 0: not known.
    pub sign_id: u64,
    pub region: String,
    pub timeout: Duration,
}

opaque_debug!(TencentSettings);

pub(super) struct Tencent {
    http: Http,
    url: String,
    host: String,
    settings: TencentSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    response: Outcome,
}

/// The most that one call of `DescribeSmsTemplateList` answers.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    error: Option<Refusal>,
    #[serde(default)]
    send_status_set: Vec<Status>,
    #[serde(default)]
    describe_template_status_set: Vec<Listed>,
    #[serde(default)]
    describe_sign_list_status_set: Vec<Signature>,
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    code: String,
    #[serde(default)]
    serial_no: String,
    fee: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(deserialize_with = "de_text")]
    template_id: String,
    #[serde(default)]
    template_name: String,
    #[serde(default)]
    template_content: String,
    status_code: i64,
    #[serde(default)]
    review_reply: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Signature {
    sign_name: String,
    status_code: i64,
    #[serde(default)]
    review_reply: String,
}

/// What the supplier says of an id that the account has no signature of.
const NO_SIGNATURE: &str = "FailedOperation.MissingSignature";

impl Tencent {
    pub fn new(settings: TencentSettings, now: Now) -> Result<Self> {
        let url = base_url(&settings.base_url)?;
        Ok(Self {
            http: Http::new(settings.timeout, now)?,
            host: host(&url)?,
            url: format!("{url}/"),
            settings,
        })
    }

    fn body(&self, message: &SmsMessage) -> Result<Vec<u8>> {
        let values: Vec<&str> = message.params.iter().map(|(_, value)| value.as_str()).collect();
        let mut body = json!({
            "PhoneNumberSet": [phone::e164(&message.phone)?],
            "SmsSdkAppId": self.settings.sdk_app_id,
            "TemplateId": message.template,
            "SignName": message.sign_name.as_deref().unwrap_or(&self.settings.sign_name),
            "TemplateParamSet": values,
        });
        if let Some(out_id) = &message.out_id {
            body["SessionContext"] = out_id.as_str().into();
        }
        Ok(body.to_string().into_bytes())
    }

    fn request(&self, action: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        let at = self.http.now();
        let authorization = tc3::authorization(&tc3::Signing {
            secret_id: &self.settings.secret_id,
            secret_key: &self.settings.secret_key,
            host: &self.host,
            body: &body,
            at,
        });
        self.http
            .client
            .post(&self.url)
            .header("content-type", tc3::CONTENT_TYPE)
            .header("x-tc-action", action)
            .header("x-tc-version", "2021-01-11")
            .header("x-tc-region", &self.settings.region)
            .header("x-tc-timestamp", at.timestamp())
            .header("authorization", authorization)
            .body(body)
    }

    /// What was answered, or why the whole call was refused.
    fn read(&self, answer: &Answer) -> Result<Outcome> {
        let envelope: Envelope = serde_json::from_value(answer.json()?).map_err(|_| answer.unreadable())?;
        let outcome = envelope.response;
        match outcome.error {
            Some(refusal) => Err(error(&refusal.code, outcome.request_id, self.http.now())),
            None => Ok(outcome),
        }
    }
}

#[async_trait]
impl Sms for Tencent {
    fn provider(&self) -> &'static str {
        super::TENCENT
    }

    async fn send(&self, message: &SmsMessage) -> Result<SmsSent> {
        let answer = self.http.send(self.request("SendSms", self.body(message)?), Effect::Once).await?;
        let outcome = self.read(&answer)?;
        // The call can succeed while its one number fails.
        match outcome.send_status_set.into_iter().next() {
            Some(status) if status.code.eq_ignore_ascii_case("ok") => {
                Ok(SmsSent { message_id: status.serial_no, fee: status.fee })
            }
            Some(status) => Err(error(&status.code, outcome.request_id, self.http.now())),
            None => Err(answer.unreadable()),
        }
    }

    async fn templates(&self) -> Result<Vec<SmsTemplate>> {
        let mut templates = Vec::new();
        for offset in (0..MOST_TEMPLATES).step_by(PAGE) {
            let body = json!({ "International": 0, "Limit": PAGE, "Offset": offset });
            let request = self.request("DescribeSmsTemplateList", body.to_string().into_bytes());
            let answer = self.http.send(request, Effect::Read).await?;
            let listed = self.read(&answer)?.describe_template_status_set;
            let is_last = listed.len() < PAGE;
            templates.extend(listed.into_iter().map(Listed::template));
            if is_last {
                break;
            }
        }
        Ok(templates)
    }

    async fn signature(&self) -> Result<Option<SmsSignature>> {
        if self.settings.sign_id == 0 {
            return Ok(None);
        }
        let body = json!({ "International": 0, "SignIdSet": [self.settings.sign_id] });
        let request = self.request("DescribeSmsSignList", body.to_string().into_bytes());
        let answer = self.http.send(request, Effect::Read).await?;
        let listed = match self.read(&answer) {
            Ok(outcome) => outcome.describe_sign_list_status_set,
            Err(error) if error.code == NO_SIGNATURE => Vec::new(),
            Err(error) => return Err(error),
        };
        // Under the id may stand another signature than the one that messages carry.
        let own = listed.into_iter().find(|signature| signature.sign_name == self.settings.sign_name);
        Ok(Some(own.map_or(SmsSignature::UNLISTED, Signature::judged)))
    }
}

impl Signature {
    fn judged(self) -> SmsSignature {
        let state = match self.status_code {
            0 => SmsSignatureState::Approved,
            -1 => SmsSignatureState::Refused,
            // Being looked at, or approved but not yet in effect.
            _ => SmsSignatureState::Pending,
        };
        SmsSignature::of(state, self.review_reply)
    }
}

impl Listed {
    fn template(self) -> SmsTemplate {
        let state = match self.status_code {
            0 => SmsTemplateState::Approved,
            -1 => SmsTemplateState::Refused,
            // Being looked at, or approved but not yet in effect.
            _ => SmsTemplateState::Pending,
        };
        let is_refused = state == SmsTemplateState::Refused && !self.review_reply.is_empty();
        SmsTemplate {
            id: self.template_id,
            name: self.template_name,
            text: self.template_content,
            kind: None,
            state,
            reason: is_refused.then_some(self.review_reply),
        }
    }
}

fn error(code: &str, request_id: Option<String>, now: DateTime<Utc>) -> Error {
    let (class, pause) = judge(code, now);
    Error::new(class, clean_code(code), "Tencent Cloud SMS refused")
        .with_rid(request_id)
        .with_retry_after(pause)
}

/// Limits of one number are not the lane's: a short one waits, a day's is as good as no.
fn judge(code: &str, now: DateTime<Utc>) -> (Class, Option<Duration>) {
    const SECOND: Duration = Duration::from_secs(1);
    match code {
        "FailedOperation.MarketingSendTimeConstraint" => {
            (Class::Throttled, beijing::until_hour(now, MARKETING_OPENS_HOUR))
        }
        "LimitExceeded.AppDailyLimit" => (Class::Throttled, beijing::until_hour(now, 0)),
        "LimitExceeded.PhoneNumberThirtySecondLimit" | "LimitExceeded.DeliveryFrequencyLimit" => {
            (Class::Busy, Some(SECOND * 30))
        }
        "LimitExceeded.PhoneNumberOneHourLimit" => (Class::Busy, Some(SECOND * 3600)),
        "FailedOperation.InsufficientBalanceInSmsPackage"
        | "UnauthorizedOperation.ServiceSuspendDueToArrears" => (Class::Busy, None),
        // The gateway lost sight of what it had begun.
        "InternalError.Timeout" | "InternalError.SendAndRecvFail" => (Class::Unknown, None),
        _ if code.starts_with("RequestLimitExceeded") => (Class::Throttled, Some(SECOND)),
        _ if code.starts_with("InternalError") => (Class::Busy, None),
        _ if code.starts_with("AuthFailure") || code.starts_with("UnauthorizedOperation") => {
            (Class::Token, None)
        }
        _ => (Class::Permanent, None),
    }
}
