//! Sending one subscribe message, and reading which templates there are.
//!
//! A success means accepted, not delivered: the outcome comes later as an event. There is no idempotency key,
//! so a send whose answer was not heard must not be repeated.

use super::login::read;
use super::{Template, WeChat};
use crate::http::Effect;
use crate::{Result, flexible};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SubscribeMessage<'a> {
    pub touser: &'a str,
    pub template_id: &'a str,
    /// A page of the mini-program, with its query; without one the card cannot be tapped.
    pub page: Option<&'a str>,
    /// Parameter key (`thing1`) to value; every key of the template must be there.
    pub data: &'a BTreeMap<String, String>,
}

opaque_debug!(SubscribeMessage<'_>);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// WeChat's id of the message, which its sent event repeats. Not always given.
    #[serde(default, deserialize_with = "flexible::de_optional_text")]
    pub msgid: Option<String>,
}

/// The request as WeChat reads it.
#[derive(Serialize)]
struct Request<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
    data: BTreeMap<&'a str, Parameter<'a>>,
    miniprogram_state: &'a str,
    lang: &'a str,
}

#[derive(Serialize)]
struct Parameter<'a> {
    value: &'a str,
}

#[derive(Deserialize)]
struct TemplatesAnswer {
    #[serde(default)]
    data: Vec<Template>,
}

impl WeChat {
    pub async fn send_subscribe(&self, message: SubscribeMessage<'_>) -> Result<Sent> {
        let request = Request {
            touser: message.touser,
            template_id: message.template_id,
            page: message.page,
            data: message.data.iter().map(|(key, value)| (key.as_str(), Parameter { value })).collect(),
            miniprogram_state: &self.settings.miniprogram_state,
            lang: &self.settings.lang,
        };
        let (value, answer) = self.post("/cgi-bin/message/subscribe/send", &request, Effect::Once).await?;
        // A success without `errcode` would be no answer of this API: the effect is not certain.
        if value.get("errcode").is_none() {
            return Err(answer.unreadable());
        }
        read(value, &answer)
    }

    pub async fn templates(&self) -> Result<Vec<Template>> {
        let (value, answer) = self.get("/wxaapi/newtmpl/gettemplate").await?;
        Ok(read::<TemplatesAnswer>(value, &answer)?.data)
    }
}
