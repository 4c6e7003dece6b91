//! The events WeChat pushes, written as JSON or XML with the platform's own oddities: `List` is an object for one item
//! and an array for several, and most numbers of the subscribe events are strings.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::settings::{CallbackFormat, WeChatAccount};
use crate::world::person::Choice;

pub(crate) enum Event {
    Popup(Vec<(Arc<str>, Choice)>),
    Change(Arc<str>),
    Sent(SentResult),
    /// `user_info_modified`, `user_authorization_revoke` or `user_authorization_cancellation`.
    Authorization {
        event: String,
        unionid: String,
        revoke_info: Option<String>,
    },
    Punish(Punishment),
}

pub(crate) struct SentResult {
    pub template: Arc<str>,
    pub msgid: u64,
    pub failed: bool,
}

pub(crate) struct Punishment {
    pub event_type: u32,
    pub punish_id: String,
    pub illegal_reason: String,
    pub rule_name: String,
}

/// Privacy events come from the platform's own account, not from the person.
const PLATFORM_ACCOUNT: &str = "oPlatformPushAccount00000000";

enum Field {
    Text(&'static str, String),
    Number(&'static str, i64),
}

struct Draft {
    event: String,
    from: String,
    /// Subscribe events write their time as a string in JSON.
    time_as_text: bool,
    fields: Vec<Field>,
    /// The XML element around the items, and the items.
    list: Option<(&'static str, Vec<Vec<Field>>)>,
}

impl Event {
    pub fn write(
        self,
        format: CallbackFormat,
        account: &WeChatAccount,
        openid: &str,
        now: DateTime<Utc>,
    ) -> String {
        let draft = self.draft(account, openid, now);
        match format {
            CallbackFormat::Json => draft.json(&account.original_id, now.timestamp()),
            CallbackFormat::Xml => draft.xml(&account.original_id, now.timestamp()),
        }
    }

    fn draft(self, account: &WeChatAccount, openid: &str, now: DateTime<Utc>) -> Draft {
        match self {
            Self::Popup(choices) => {
                let items = choices.into_iter().map(popup_item).collect();
                Draft::subscribe("subscribe_msg_popup_event", openid, ("SubscribeMsgPopupEvent", items))
            }
            Self::Change(template) => {
                let item = vec![
                    Field::Text("TemplateId", template.to_string()),
                    Field::Text("SubscribeStatusString", "reject".into()),
                ];
                Draft::subscribe(
                    "subscribe_msg_change_event",
                    openid,
                    ("SubscribeMsgChangeEvent", vec![item]),
                )
            }
            Self::Sent(result) => {
                let items = vec![result.item()];
                Draft::subscribe("subscribe_msg_sent_event", openid, ("SubscribeMsgSentEvent", items))
            }
            Self::Authorization { event, unionid, revoke_info } => {
                let mut fields = vec![
                    Field::Text("OpenID", openid.to_owned()),
                    Field::Text("UnionID", unionid),
                    Field::Text("AppID", account.appid.clone()),
                ];
                fields.extend(revoke_info.map(|info| Field::Text("RevokeInfo", info)));
                Draft { event, from: PLATFORM_ACCOUNT.into(), time_as_text: false, fields, list: None }
            }
            Self::Punish(punishment) => punishment.draft(now),
        }
    }
}

fn popup_item((template, choice): (Arc<str>, Choice)) -> Vec<Field> {
    let status = match choice {
        Choice::Accept => "accept",
        Choice::Reject => "reject",
    };
    vec![
        Field::Text("TemplateId", template.to_string()),
        Field::Text("SubscribeStatusString", status.into()),
        Field::Number("PopupScene", 0),
    ]
}

impl SentResult {
    fn item(self) -> Vec<Field> {
        let (code, status) = if self.failed { (-1, "failed:system failed") } else { (0, "success") };
        vec![
            Field::Text("TemplateId", self.template.to_string()),
            Field::Number("MsgID", i64::try_from(self.msgid).unwrap_or(i64::MAX)),
            Field::Number("ErrorCode", code),
            Field::Text("ErrorStatus", status.into()),
        ]
    }
}

impl Punishment {
    fn draft(self, now: DateTime<Utc>) -> Draft {
        let detail = json!({ "reason": self.illegal_reason }).to_string();
        let fields = vec![
            Field::Number("event_type", i64::from(self.event_type)),
            Field::Text("punish_id", self.punish_id),
            Field::Number("punish_time", now.timestamp()),
            Field::Text("illegal_reason", self.illegal_reason),
            Field::Text("rule_name", self.rule_name),
            Field::Text("detail", detail),
        ];
        let from = PLATFORM_ACCOUNT.into();
        Draft { event: "wxa_punish_event".into(), from, time_as_text: false, fields, list: None }
    }
}

impl Draft {
    fn subscribe(event: &str, openid: &str, list: (&'static str, Vec<Vec<Field>>)) -> Self {
        let fields = Vec::new();
        Self { event: event.into(), from: openid.into(), time_as_text: true, fields, list: Some(list) }
    }

    fn json(self, original_id: &str, seconds: i64) -> String {
        let mut body = Map::new();
        body.insert("ToUserName".into(), json!(original_id));
        body.insert("FromUserName".into(), json!(self.from));
        let time = if self.time_as_text { json!(seconds.to_string()) } else { json!(seconds) };
        body.insert("CreateTime".into(), time);
        body.insert("MsgType".into(), json!("event"));
        body.insert("Event".into(), json!(self.event));
        for field in &self.fields {
            let (name, value) = field.json(false);
            body.insert(name.into(), value);
        }
        if let Some((_, items)) = self.list {
            let mut items: Vec<Value> = items.iter().map(|item| item_json(item)).collect();
            let list = if items.len() == 1 { items.remove(0) } else { Value::Array(items) };
            body.insert("List".into(), list);
        }
        Value::Object(body).to_string()
    }

    fn xml(self, original_id: &str, seconds: i64) -> String {
        let mut text = String::from("<xml>");
        let head = [
            Field::Text("ToUserName", original_id.into()),
            Field::Text("FromUserName", self.from),
            Field::Number("CreateTime", seconds),
            Field::Text("MsgType", "event".into()),
            Field::Text("Event", self.event),
        ];
        head.iter().chain(&self.fields).for_each(|field| field.xml(&mut text));
        if let Some((wrapper, items)) = self.list {
            element(&mut text, wrapper, |text| {
                for item in &items {
                    element(text, "List", |text| item.iter().for_each(|field| field.xml(text)));
                }
            });
        }
        text.push_str("</xml>");
        text
    }
}

fn item_json(fields: &[Field]) -> Value {
    Value::Object(
        fields.iter().map(|field| field.json(true)).map(|(name, value)| (name.into(), value)).collect(),
    )
}

fn element(text: &mut String, name: &str, inside: impl FnOnce(&mut String)) {
    text.push_str(&format!("<{name}>"));
    inside(text);
    text.push_str(&format!("</{name}>"));
}

impl Field {
    fn json(&self, numbers_as_text: bool) -> (&'static str, Value) {
        match self {
            Self::Text(name, value) => (name, json!(value)),
            Self::Number(name, value) if numbers_as_text => (name, json!(value.to_string())),
            Self::Number(name, value) => (name, json!(value)),
        }
    }

    fn xml(&self, text: &mut String) {
        // Writing into a String cannot fail.
        let _ = match self {
            Self::Text(name, value) => {
                write!(text, "<{name}><![CDATA[{}]]></{name}>", value.replace("]]>", "]] >"))
            }
            Self::Number(name, value) => write!(text, "<{name}>{value}</{name}>"),
        };
    }
}
