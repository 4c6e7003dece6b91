//! What WeChat pushes, read from JSON or from XML brought into the same shape.

use crate::flexible::{integer, list, text};
use serde_json::Value;

/// One thing that happened. Times are Unix seconds.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// The person answered a subscription prompt; one push tells of every template of the prompt.
    SubscribePopup {
        openid: String,
        created_at: i64,
        items: Vec<SubscriptionItem>,
    },
    /// The person managed a subscription in the notification's menu: so far only cancelling is pushed.
    SubscribeChange {
        openid: String,
        created_at: i64,
        items: Vec<SubscriptionItem>,
    },
    /// The final outcome of an accepted send.
    SubscribeSent {
        openid: String,
        created_at: i64,
        items: Vec<SentItem>,
    },
    /// The person withdrew an authorisation: delete what it gave. 8 is the phone number.
    AuthorizationRevoked {
        openid: String,
        revoke_info: Vec<u32>,
        created_at: i64,
    },
    /// The platform cleaned the person's profile.
    UserInfoModified {
        openid: String,
        revoke_info: Vec<u32>,
        created_at: i64,
    },
    /// The person closed the WeChat account: fulfil the duties of deletion.
    AuthorizationCancelled {
        openid: String,
        revoke_info: Vec<u32>,
        created_at: i64,
    },
    Punished(Punishment),
    /// Anything else, by the name of its event or, without one, its message type.
    Other {
        event: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionItem {
    pub template_id: String,
    pub accepted: bool,
    pub scene: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentItem {
    pub template_id: String,
    pub msgid: String,
    /// `0` is delivered.
    pub error_code: String,
    pub error_status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Punishment {
    pub created_at: i64,
    /// 1 warning, 2 function ban, 3 takedown, 4 account ban, 10 page ban.
    pub kind: i64,
    pub id: String,
    pub punished_at: Option<i64>,
    pub reason: String,
    pub rule: String,
    /// A JSON document.
    pub detail: String,
}

impl Event {
    pub fn name(&self) -> &str {
        match self {
            Self::SubscribePopup { .. } => "subscribe_msg_popup_event",
            Self::SubscribeChange { .. } => "subscribe_msg_change_event",
            Self::SubscribeSent { .. } => "subscribe_msg_sent_event",
            Self::AuthorizationRevoked { .. } => "user_authorization_revoke",
            Self::UserInfoModified { .. } => "user_info_modified",
            Self::AuthorizationCancelled { .. } => "user_authorization_cancellation",
            Self::Punished(_) => "wxa_punish_event",
            Self::Other { event } => event,
        }
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Event").field(&self.name()).finish()
    }
}

/// `None` if the push claims to be an event we know but lacks what makes it one.
pub(super) fn parse(push: &Value) -> Option<Event> {
    let name = field(push, "Event").or_else(|| field(push, "MsgType"))?;
    match name.as_str() {
        "subscribe_msg_popup_event" => {
            let items = items(push, "SubscribeMsgPopupEvent", subscription)?;
            Some(Event::SubscribePopup { openid: sender(push)?, created_at: created_at(push), items })
        }
        "subscribe_msg_change_event" => {
            let items = items(push, "SubscribeMsgChangeEvent", subscription)?;
            Some(Event::SubscribeChange { openid: sender(push)?, created_at: created_at(push), items })
        }
        "subscribe_msg_sent_event" => {
            let items = items(push, "SubscribeMsgSentEvent", sent)?;
            Some(Event::SubscribeSent { openid: sender(push)?, created_at: created_at(push), items })
        }
        "wxa_punish_event" => Some(Event::Punished(punishment(push))),
        _ => Some(privacy(push, &name).unwrap_or(Event::Other { event: name })),
    }
}

/// The privacy events name the person in `OpenID`; `FromUserName` is the platform itself. One without an
/// `OpenID` is about a plug-in's users, who are not ours.
fn privacy(push: &Value, name: &str) -> Option<Event> {
    let openid = field(push, "OpenID").filter(|openid| !openid.is_empty())?;
    let created_at = created_at(push);
    let revoke_info = revoke_info(push);
    match name {
        "user_authorization_revoke" => Some(Event::AuthorizationRevoked { openid, revoke_info, created_at }),
        "user_info_modified" => Some(Event::UserInfoModified { openid, revoke_info, created_at }),
        "user_authorization_cancellation" => {
            Some(Event::AuthorizationCancelled { openid, revoke_info, created_at })
        }
        _ => None,
    }
}

/// One number, or several with anything between them: the platform does not say.
fn revoke_info(push: &Value) -> Vec<u32> {
    let text = field(push, "RevokeInfo").unwrap_or_default();
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// JSON has `List` at the top, XML inside a wrapper; one item comes bare, several as an array.
fn items<T>(push: &Value, wrapper: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let holder = push.get(wrapper).unwrap_or(push);
    list(holder.get("List")).iter().map(read).collect()
}

fn subscription(item: &Value) -> Option<SubscriptionItem> {
    Some(SubscriptionItem {
        template_id: field(item, "TemplateId")?,
        // Also `acceptWithAudio` and its like.
        accepted: field(item, "SubscribeStatusString")?.starts_with("accept"),
        scene: field(item, "PopupScene"),
    })
}

fn sent(item: &Value) -> Option<SentItem> {
    Some(SentItem {
        template_id: field(item, "TemplateId")?,
        msgid: field(item, "MsgID")?,
        error_code: field(item, "ErrorCode")?,
        error_status: field(item, "ErrorStatus").unwrap_or_default(),
    })
}

fn punishment(push: &Value) -> Punishment {
    let number = |name| push.get(name).and_then(integer);
    let words = |name| field(push, name).unwrap_or_default();
    Punishment {
        created_at: created_at(push),
        kind: number("event_type").unwrap_or_default(),
        id: words("punish_id"),
        punished_at: number("punish_time"),
        reason: words("illegal_reason"),
        rule: words("rule_name"),
        detail: words("detail"),
    }
}

fn sender(push: &Value) -> Option<String> {
    field(push, "FromUserName").filter(|openid| !openid.is_empty())
}

fn created_at(push: &Value) -> i64 {
    push.get("CreateTime").and_then(integer).unwrap_or_default()
}

fn field(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(text)
}
