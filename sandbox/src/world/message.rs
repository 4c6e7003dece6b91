//! What lands on a phone, and the log over all phones in the order of arrival.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::lock;
use crate::world::person::Person;
use crate::world::template::Template;

/// Kept small: a campaign leaves five of them on each of 25,000 phones.
pub(crate) struct Message {
    pub id: u64,
    pub at: DateTime<Utc>,
    pub content: Content,
}

pub(crate) enum Content {
    ServiceNotification(Box<ServiceNotification>),
    Sms(Box<Sms>),
    /// What the person texted back.
    SmsReply(Box<str>),
    InApp(Box<InApp>),
    AlipayNotification(Box<AlipayNotification>),
}

pub(crate) struct ServiceNotification {
    pub template: Arc<Template>,
    /// The `data` object as JSON text.
    pub values: Box<str>,
    pub page: Option<Box<str>>,
    pub msgid: u64,
}

pub(crate) struct Sms {
    pub provider: &'static str,
    pub sign: Arc<str>,
    pub template: Arc<str>,
    pub text: Box<str>,
    pub serial: Box<str>,
}

pub(crate) struct InApp {
    pub title: Box<str>,
    pub body: Box<str>,
}

pub(crate) struct AlipayNotification {
    pub template: Box<str>,
    pub values: Box<str>,
    pub page: Option<Box<str>>,
}

#[derive(Serialize)]
struct Line {
    label: String,
    value: String,
}

impl Content {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ServiceNotification(_) => "service_notification",
            Self::Sms(_) => "sms",
            Self::SmsReply(_) => "sms_reply",
            Self::InApp(_) => "in_app",
            Self::AlipayNotification(_) => "alipay_notification",
        }
    }

    pub fn template_id(&self) -> Option<&str> {
        match self {
            Self::ServiceNotification(it) => Some(&it.template.id),
            Self::Sms(it) => Some(&it.template),
            Self::AlipayNotification(it) => Some(&it.template),
            Self::SmsReply(_) | Self::InApp(_) => None,
        }
    }

    /// What makes two service notifications to one person the same message.
    pub fn sameness(&self) -> Option<(&str, &str)> {
        match self {
            Self::ServiceNotification(it) => Some((&it.template.id, &it.values)),
            _ => None,
        }
    }
}

impl Message {
    pub fn view(&self) -> Value {
        let mut view = match &self.content {
            Content::ServiceNotification(it) => it.view(),
            Content::Sms(it) => json!({
                "provider": it.provider, "sign": *it.sign, "template_id": *it.template, "text": it.text,
                "serial": it.serial,
            }),
            Content::SmsReply(text) => json!({ "text": text }),
            Content::InApp(it) => json!({ "title": it.title, "body": it.body }),
            Content::AlipayNotification(it) => json!({
                "template_id": it.template, "page": it.page, "data": parsed(&it.values),
                "lines": lines_as_sent(&it.values),
            }),
        };
        view["id"] = json!(self.id);
        view["at"] = json!(self.at);
        view["kind"] = json!(self.content.kind());
        view
    }
}

impl ServiceNotification {
    fn view(&self) -> Value {
        let values = parsed(&self.values);
        let lines: Vec<Line> = self
            .template
            .keywords
            .iter()
            .map(|keyword| Line {
                label: keyword.name.clone(),
                value: values[&keyword.key]["value"].as_str().unwrap_or_default().to_owned(),
            })
            .collect();
        json!({
            "template_id": *self.template.id, "title": self.template.title, "lines": lines, "page": self.page,
            "msgid": self.msgid.to_string(), "data": values,
        })
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn lines_as_sent(text: &str) -> Vec<Line> {
    let Value::Object(values) = parsed(text) else { return Vec::new() };
    values
        .into_iter()
        .map(|(label, value)| Line { label, value: value["value"].as_str().unwrap_or_default().to_owned() })
        .collect()
}

/// The order of arrival over all phones: message `n` is entry `n`.
#[derive(Default)]
pub(crate) struct MessageLog(Mutex<Vec<(u32, u32)>>);

impl MessageLog {
    /// Puts a message on the phone and answers its view. The person's lock is taken before the log's, always.
    pub fn deliver(&self, person: &Person, at: DateTime<Utc>, content: Content) -> Value {
        let mut own = person.own();
        let slot = u32::try_from(own.messages.len()).unwrap_or(u32::MAX);
        let mut log = lock(&self.0);
        let message = Message { id: log.len() as u64, at, content };
        log.push((person.number, slot));
        drop(log);
        let view = message.view();
        own.messages.push(message);
        view
    }

    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Entries from `cursor` on: the message's number, the person's number and the place on that phone.
    pub fn from(&self, cursor: usize, limit: usize) -> Vec<(u64, u32, u32)> {
        let log = lock(&self.0);
        let tail = log.iter().enumerate().skip(cursor).take(limit);
        tail.map(|(id, (person, slot))| (id as u64, *person, *slot)).collect()
    }
}
